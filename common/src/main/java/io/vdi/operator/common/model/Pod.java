package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The fields of a pod that the operator reads. */
public record Pod(ObjectMeta metadata, Spec spec, Status status) implements KubeObject {
  private static final String GPU = "nvidia.com/gpu";

  public Pod {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    spec = spec == null ? new Spec(null, null) : spec;
    status = status == null ? new Status(null, null, null, null, null, null) : status;
  }

  public record Spec(String nodeName, List<Container> containers) {
    public Spec {
      nodeName = nodeName == null ? "" : nodeName;
      containers = containers == null ? List.of() : containers;
    }
  }

  public record Container(Resources resources) {
    public Container {
      resources = resources == null ? new Resources(null) : resources;
    }
  }

  public record Resources(Map<String, String> limits) {
    public Resources {
      limits = limits == null ? Map.of() : limits;
    }
  }

  public record Status(
      String phase,
      String reason,
      String message,
      @SerializedName("podIP") String podIp,
      List<Condition> conditions,
      List<ContainerStatus> containerStatuses) {
    public Status {
      phase = phase == null ? "Pending" : phase;
      reason = reason == null ? "" : reason;
      message = message == null ? "" : message;
      podIp = podIp == null ? "" : podIp;
      conditions = conditions == null ? List.of() : conditions;
      containerStatuses = containerStatuses == null ? List.of() : containerStatuses;
    }
  }

  /**
   * @param started whether its startup probe has succeeded since the container was last started
   */
  public record ContainerStatus(
      String name, int restartCount, boolean started, State state, State lastState) {
    public ContainerStatus {
      state = state == null ? new State(null, null) : state;
      lastState = lastState == null ? new State(null, null) : lastState;
    }
  }

  /** Both components are null while the container runs; otherwise one of them is. */
  public record State(Detail waiting, Detail terminated) {}

  public record Detail(String reason, String message, int exitCode) {
    public Detail {
      reason = reason == null ? "" : reason;
      message = message == null ? "" : message;
    }
  }

  /** The GPUs of all its containers. */
  public long gpus() {
    return spec.containers.stream()
        .map(container -> container.resources().limits().get(GPU))
        .flatMap(text -> Quantities.parse(text).stream())
        .mapToLong(BigDecimal::longValue)
        .sum();
  }

  public boolean isReady() {
    return Condition.find(status.conditions, "Ready").filter(Condition::isTrue).isPresent();
  }

  /** Whether a desktop runs in it, ready or not: a container that has passed its startup probe. */
  public boolean hasStarted() {
    return status.containerStatuses.stream().anyMatch(ContainerStatus::started);
  }

  public boolean isScheduled() {
    return !spec.nodeName.isEmpty();
  }

  /** When the pod was scheduled; empty if it is not. */
  public Optional<Instant> scheduledAt() {
    return Condition.find(status.conditions, "PodScheduled")
        .filter(Condition::isTrue)
        .map(Condition::lastTransitionTime)
        .or(() -> isScheduled() ? Optional.of(metadata.creationTimestamp()) : Optional.empty());
  }

  /**
   * Whether the pod will not run again. With restartPolicy Always only an eviction, a shutdown of
   * the node or a similar event does that.
   */
  public boolean isFinished() {
    return status.phase.equals("Failed") || status.phase.equals("Succeeded");
  }
}
