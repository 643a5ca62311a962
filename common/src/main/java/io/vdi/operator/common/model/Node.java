package io.vdi.operator.common.model;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The fields of a node that the operator reads. */
public record Node(ObjectMeta metadata, Spec spec, Status status) implements KubeObject {
  /** The taint of a node that is cordoned. */
  private static final Taint UNSCHEDULABLE =
      new Taint("node.kubernetes.io/unschedulable", "", "NoSchedule");

  /** Keys of taints of nodes that cluster-autoscaler or Karpenter is about to remove. */
  private static final Set<String> REMOVAL =
      Set.of("ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted", "karpenter.sh/disruption");

  public Node {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    spec = spec == null ? new Spec(false, null) : spec;
    status = status == null ? new Status(null, null) : status;
  }

  /**
   * @param unschedulable whether the node is cordoned
   */
  public record Spec(boolean unschedulable, List<Taint> taints) {
    public Spec {
      taints = taints == null ? List.of() : List.copyOf(taints);
    }
  }

  public record Taint(String key, String value, String effect) {
    public Taint {
      key = key == null ? "" : key;
      value = value == null ? "" : value;
      effect = effect == null ? "" : effect;
    }

    /** Whether pods that do not tolerate it are not scheduled on the node. */
    public boolean repels() {
      return effect.equals("NoSchedule") || effect.equals("NoExecute");
    }
  }

  /**
   * @param conditions only Ready is kept: a cluster can have thousands of nodes
   * @param allocatable only extended resources, such as GPUs, are kept
   */
  public record Status(List<Condition> conditions, Map<String, String> allocatable) {
    public Status {
      conditions =
          conditions == null
              ? List.of()
              : conditions.stream()
                  .filter(condition -> condition.type().equals(Condition.READY))
                  .toList();
      allocatable =
          allocatable == null
              ? Map.of()
              : allocatable.entrySet().stream()
                  .filter(resource -> resource.getKey().contains("/"))
                  .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }
  }

  /** Why the pods of a node are about to leave it. */
  public enum Drain {
    /** It is cordoned: a person or a tool may drain it. */
    CORDONED,
    /** An autoscaler is about to evict its pods and to delete it. */
    REMOVAL
  }

  /** Whether the node is being drained, or is about to be. */
  public Optional<Drain> drain() {
    if (spec.taints().stream().anyMatch(taint -> REMOVAL.contains(taint.key()))) {
      return Optional.of(Drain.REMOVAL);
    }
    return drainTaints().isEmpty() ? Optional.empty() : Optional.of(Drain.CORDONED);
  }

  /** The taints of {@link #drain}. */
  public List<Taint> drainTaints() {
    List<Taint> removal =
        spec.taints().stream().filter(taint -> REMOVAL.contains(taint.key())).toList();
    boolean cordoned =
        spec.unschedulable()
            || spec.taints().stream().anyMatch(taint -> taint.key().equals(UNSCHEDULABLE.key()));
    return !removal.isEmpty() ? removal : cordoned ? List.of(UNSCHEDULABLE) : List.of();
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
