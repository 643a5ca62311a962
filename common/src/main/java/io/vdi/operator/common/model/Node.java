package io.vdi.operator.common.model;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The fields of a node that the operator reads. */
public record Node(ObjectMeta metadata, Status status) implements KubeObject {
  public Node {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    status = status == null ? new Status(null) : status;
  }

  /**
   * @param conditions only Ready is kept: a cluster can have thousands of nodes
   */
  public record Status(List<Condition> conditions) {
    public Status {
      conditions =
          conditions == null
              ? List.of()
              : conditions.stream()
                  .filter(condition -> condition.type().equals(Condition.READY))
                  .toList();
    }
  }

  /**
   * Since when the node is not ready: its kubelet reports so, or does not report at all. Empty if
   * the node is ready, or has not reported yet.
   */
  public Optional<Instant> notReadySince() {
    return ready().filter(condition -> !condition.isTrue()).map(Condition::lastTransitionTime);
  }

  /** Since when the node is ready; empty if it is not. */
  public Optional<Instant> readySince() {
    return ready().filter(Condition::isTrue).map(Condition::lastTransitionTime);
  }

  private Optional<Condition> ready() {
    return Condition.find(status.conditions, Condition.READY);
  }
}
