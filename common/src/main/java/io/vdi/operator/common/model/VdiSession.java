package io.vdi.operator.common.model;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A desktop that a user requested; docs/specification.md, section 1. Components of {@link Spec} are
 * null when the user did not set them; only {@link Defaults} fills them in.
 */
public record VdiSession(ObjectMeta metadata, Spec spec, Status status) implements KubeObject {
  public static final String GROUP = "vdi.kasm.io";

  public static final String FINALIZER = "vdi.kasm.io/session-cleanup";

  public VdiSession {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    spec = spec == null ? Spec.EMPTY : spec;
    status = status == null ? Status.EMPTY : status;
  }

  /** The admission webhook reads a session before the schema refuses its nulls. */
  static <T> List<T> withoutNulls(List<T> list) {
    return list == null ? List.of() : list.stream().filter(Objects::nonNull).toList();
  }

  /**
   * @param schedule replaces that of the template; an empty list: none
   * @param awakeUntil the schedule does not stop the session before this time
   * @param shares the guests
   */
  public record Spec(
      String user,
      String template,
      Resources resources,
      Persistence persistence,
      String timeout,
      String idleTimeout,
      IdleAction idleAction,
      boolean suspended,
      List<ScheduleWindow> schedule,
      Instant awakeUntil,
      List<Share> shares) {
    /** That of a session that sets nothing itself. */
    public static final Spec EMPTY = new Spec(null, null, null, null, null, null, null, false);

    /** Without fields of the schedule, and without guests. */
    public Spec(
        String user,
        String template,
        Resources resources,
        Persistence persistence,
        String timeout,
        String idleTimeout,
        IdleAction idleAction,
        boolean suspended) {
      this(
          user,
          template,
          resources,
          persistence,
          timeout,
          idleTimeout,
          idleAction,
          suspended,
          null,
          null,
          null);
    }

    public Spec {
      user = user == null ? "" : user;
      template = template == null ? "" : template;
      resources = resources == null ? new Resources(null, null, null) : resources;
      persistence = persistence == null ? new Persistence(null, null, null, null) : persistence;
      schedule = schedule == null ? null : withoutNulls(schedule);
      shares = withoutNulls(shares);
    }
  }

  public record Resources(Integer gpu, String memory, String cpu) {}

  public record Persistence(
      Boolean enabled, String size, String storageClassName, ReclaimPolicy reclaimPolicy) {}

  /**
   * The status. The reaper owns {@code lastActivityTime}; the controller writes all other fields.
   *
   * @param restarts how many pods the controller has replaced while the session was not suspended
   */
  public record Status(
      Phase phase,
      String podName,
      String url,
      Instant startTime,
      Instant expiresAt,
      Instant lastActivityTime,
      int restarts,
      String message,
      long observedGeneration,
      List<Condition> conditions) {
    public static final Status EMPTY =
        new Status(null, null, null, null, null, null, 0, null, 0, null);

    public Status {
      podName = podName == null ? "" : podName;
      url = url == null ? "" : url;
      message = message == null ? "" : message;
      conditions = withoutNulls(conditions);
    }

    public Optional<Phase> currentPhase() {
      return Optional.ofNullable(phase);
    }

    /** Whether the session is in this phase. */
    public boolean is(Phase expected) {
      return phase == expected;
    }

    public Optional<Instant> startedAt() {
      return Optional.ofNullable(startTime);
    }

    /**
     * Since when the desktop runs, or has been starting; empty while the session is suspended, and
     * until the controller has observed it.
     */
    public Optional<Instant> awakeSince() {
      return startedAt()
          .or(() ->
              condition(Condition.READY)
                  .filter(ready -> !ready.isTrue())
                  .map(Condition::lastTransitionTime));
    }

    public Optional<Condition> condition(String type) {
      return Condition.find(conditions, type);
    }
  }
}
