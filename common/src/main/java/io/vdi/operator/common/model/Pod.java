package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** The fields of a pod that the operator reads. */
public record Pod(ObjectMeta metadata, Spec spec, Status status) implements KubeObject {
  /** The name of the desktop's container; a template can add others. */
  public static final String DESKTOP = "selkies";

  /** As in the schema of sessions. */
  private static final BigDecimal MOST_GPUS = BigDecimal.valueOf(Integer.MAX_VALUE);

  public Pod {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    spec = spec == null ? new Spec(null, null) : spec;
    status = status == null ? new Status(null, null, null, null, null, null, null) : status;
  }

  public record Spec(String nodeName, List<Container> containers) {
    public Spec {
      nodeName = nodeName == null ? "" : nodeName;
      containers = containers == null ? List.of() : containers;
    }
  }

  public record Container(String name, Resources resources) {
    public Container {
      name = name == null ? "" : name;
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
      List<ContainerStatus> initContainerStatuses,
      List<ContainerStatus> containerStatuses) {
    public Status {
      initContainerStatuses = initContainerStatuses == null ? List.of() : initContainerStatuses;
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
      name = name == null ? "" : name;
      state = state == null ? new State(null, null) : state;
      lastState = lastState == null ? new State(null, null) : lastState;
    }

    /** What the container waits for; empty if it runs or has ended. */
    public Optional<Detail> waiting() {
      return Optional.ofNullable(state.waiting());
    }

    /** How the container ended; if it was restarted, how it ended before that. */
    public Optional<Detail> exit() {
      return Optional.ofNullable(state.terminated())
          .or(() -> Optional.ofNullable(lastState.terminated()).filter(last -> restartCount > 0));
    }

    /** How the container ended, now and before its last restart. */
    public Stream<Detail> ends() {
      return Stream.of(state, lastState).map(State::terminated).filter(Objects::nonNull);
    }
  }

  /** Both components are null while the container runs; otherwise one of them is. */
  public record State(Detail waiting, Detail terminated) {}

  /**
   * @param finishedAt null unless the container has ended
   */
  public record Detail(String reason, String message, int exitCode, Instant finishedAt) {
    public Detail {
      reason = reason == null ? "" : reason;
      message = message == null ? "" : message;
    }
  }

  /**
   * The GPUs of the desktop, whatever its template requests by now: the devices of its claim, or
   * its only extended resource, whose name contains a slash, unlike those of CPU and memory.
   */
  public long gpus() {
    return metadata
        .annotation(Annotations.CLAIMED_GPUS)
        .flatMap(Quantities::parse)
        .map(Pod::count)
        .orElseGet(this::extendedResources);
  }

  private long extendedResources() {
    return spec.containers.stream()
        .filter(container -> container.name().equals(DESKTOP))
        .flatMap(container -> container.resources().limits().entrySet().stream())
        .filter(limit -> limit.getKey().contains("/"))
        .flatMap(limit -> Quantities.parse(limit.getValue()).stream())
        .mapToLong(Pod::count)
        .sum();
  }

  /** Sums of it do not overflow, although users can write annotations of pods. */
  private static long count(BigDecimal amount) {
    return amount.min(MOST_GPUS).longValue();
  }

  /** The extended resource of the desktop's GPUs; empty if it has none. */
  public Optional<String> gpuResource() {
    return spec.containers.stream()
        .filter(container -> container.name().equals(DESKTOP))
        .flatMap(container -> container.resources().limits().keySet().stream())
        .filter(resource -> resource.contains("/"))
        .findFirst();
  }

  /** The states of all containers: those that run before the desktop first. */
  public Stream<ContainerStatus> allContainerStatuses() {
    return Stream.concat(status.initContainerStatuses.stream(), status.containerStatuses.stream());
  }

  public boolean isReady() {
    return Condition.find(status.conditions, "Ready").filter(Condition::isTrue).isPresent();
  }

  /** Whether a desktop runs in it, ready or not: its container has passed its startup probe. */
  public boolean hasStarted() {
    return status.containerStatuses.stream()
        .anyMatch(container -> container.name().equals(DESKTOP) && container.started());
  }

  /** Whether the kubelet has mounted the volumes; it pulls the image after that. */
  public boolean hasMounted() {
    return status.containerStatuses.stream()
        .map(ContainerStatus::waiting)
        .anyMatch(waiting ->
            waiting.filter(detail -> detail.reason().equals("ContainerCreating")).isEmpty());
  }

  public boolean isScheduled() {
    return !spec.nodeName.isEmpty();
  }

  /** Why the scheduler has not found a node; empty if it has, or has not tried yet. */
  public Optional<String> unschedulable() {
    return Condition.find(status.conditions, Condition.POD_SCHEDULED)
        .filter(condition -> !condition.isTrue())
        .map(Condition::message);
  }

  /** Since when the pod is ready; empty while it is not. */
  public Optional<Instant> readySince() {
    return Condition.find(status.conditions, "Ready")
        .filter(Condition::isTrue)
        .map(Condition::lastTransitionTime);
  }

  /** When the pod was scheduled; empty if it is not. */
  public Optional<Instant> scheduledAt() {
    return Condition.find(status.conditions, Condition.POD_SCHEDULED)
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

  /**
   * When the desktop ended, by the times of the API: the request to delete the pod, or the end of
   * its container. Empty while the desktop runs, and if no time says when it ended.
   */
  public Optional<Instant> endedAt() {
    Optional<Instant> requested = metadata.deletionRequestedAt();
    return isFinished()
        ? Stream.concat(finishedAt().stream(), requested.stream()).min(Instant::compareTo)
        : requested;
  }

  /** The end of its container; without one, such as after the loss of its node, that of the pod. */
  private Optional<Instant> finishedAt() {
    return status.containerStatuses.stream()
        .filter(container -> container.name().equals(DESKTOP))
        .flatMap(container -> Stream.ofNullable(container.state().terminated()))
        .flatMap(terminated -> Stream.ofNullable(terminated.finishedAt()))
        .findFirst()
        .or(() ->
            status.conditions.stream()
                .filter(condition ->
                    (condition.type().equals("Ready") && !condition.isTrue())
                        || (condition.type().equals("DisruptionTarget") && condition.isTrue()))
                .map(Condition::lastTransitionTime)
                .max(Instant::compareTo));
  }
}
