package io.vdi.operator.reaper.policy;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.IdleAction;
import io.vdi.operator.common.model.IdleOn;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ScheduleWindow;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Builds session "desk" and its objects in the states that the tests of the policy need. */
final class SessionBuilder {
  static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
  static final RetentionConfig CONFIG =
      new RetentionConfig(
          Duration.ofMinutes(10),
          Duration.ofHours(24),
          true,
          Duration.ofMinutes(10),
          Duration.ofMinutes(10),
          Duration.ofDays(30),
          new ScheduleConfig(Duration.ofMinutes(10), Duration.ofHours(1)));

  Optional<String> timeout = Optional.of("8h");
  Optional<String> idleTimeout = Optional.empty();
  Optional<IdleAction> idleAction = Optional.empty();
  Optional<String> maxTimeout = Optional.empty();
  Optional<String> deleteAfterSuspended = Optional.empty();
  Optional<List<ScheduleWindow>> schedule = Optional.empty();
  Optional<Instant> awakeUntil = Optional.empty();
  Optional<Instant> scheduleApplied = Optional.empty();
  Optional<Instant> starting = Optional.empty();
  boolean template = true;
  boolean suspended;
  boolean keep;
  boolean endedBy;
  boolean initialized;
  long generation = 1;
  long templateGeneration = 1;
  Optional<Phase> phase = Optional.of(Phase.RUNNING);
  Optional<Instant> started = Optional.of(NOON);
  Optional<Instant> expiresAt = Optional.empty();
  Optional<Instant> deleted = Optional.empty();
  Optional<Instant> failedCondition = Optional.empty();
  Optional<Instant> failedSince = Optional.empty();
  Optional<Instant> suspendedCondition = Optional.empty();
  Optional<IdleOn> idleOn = Optional.empty();
  Optional<String> busy = Optional.empty();
  Map<ReapReason, Instant> announcedEnds = Map.of();
  Optional<Pod> pod = Optional.empty();
  Activity activity = new Activity.Unknown();

  VdiSession session() {
    ObjectMeta meta =
        new ObjectMeta(
            "desk",
            "ns",
            "uid-1",
            "7",
            generation,
            NOON.minusSeconds(100),
            deleted.orElse(null),
            Map.of(),
            annotations(),
            List.of(VdiSession.FINALIZER),
            List.of(),
            0);
    List<Condition> conditions = new ArrayList<>();
    failedCondition.ifPresent(at -> conditions.add(condition(Condition.FAILED, at)));
    starting.ifPresent(at ->
        conditions.add(new Condition(Condition.READY, "False", "DesktopStarting", "", at, 1)));
    suspendedCondition.ifPresent(at -> conditions.add(condition(Condition.SUSPENDED, at)));
    if (initialized) {
      conditions.add(condition(Condition.INITIALIZED, NOON));
    }
    return new VdiSession(
        meta,
        new VdiSession.Spec(
            "alice@example.com",
            "ubuntu",
            null,
            null,
            timeout.orElse(null),
            idleTimeout.orElse(null),
            idleAction.orElse(null),
            suspended,
            schedule.orElse(null),
            awakeUntil.orElse(null),
            null),
        new VdiSession.Status(
            phase.orElse(null),
            "desk",
            "",
            started.orElse(null),
            expiresAt.orElse(null),
            null,
            0,
            "",
            1,
            conditions));
  }

  private static Condition condition(String type, Instant since) {
    return new Condition(type, "True", type, "", since, 1);
  }

  private Map<String, String> annotations() {
    Map<String, String> annotations = new HashMap<>();
    if (keep) {
      annotations.put(Annotations.KEEP, "true");
    }
    if (endedBy) {
      annotations.put(Annotations.ENDED_BY, "timeout");
    }
    scheduleApplied.ifPresent(at -> annotations.put(Annotations.SCHEDULE_APPLIED, at.toString()));
    return annotations;
  }

  /** As if the user was warned, and the warning announced this end. */
  SessionBuilder announced(ReapReason reason, Instant end) {
    announcedEnds = new HashMap<>(announcedEnds);
    announcedEnds.put(reason, end);
    return this;
  }

  /**
   * The verdict when every warning that was due at or before this time is out, as in a reaper that
   * was never interrupted.
   */
  SessionVerdict decideWarned(Instant now) {
    while (decide(now) instanceof SessionVerdict.Warn(Deadline deadline, String message)) {
      if (!deadline.warningDue().isAfter(now)) {
        announced(deadline.reason(), deadline.at());
      } else {
        throw new AssertionError("warned too early: " + message);
      }
    }
    return decide(now);
  }

  SessionState state() {
    return new SessionState(
        session(), template ? Optional.of(templateObject()) : Optional.empty(), pod);
  }

  SessionHistory history() {
    return new SessionHistory(activity, failedSince, announcedEnds);
  }

  SessionVerdict decide(Instant now) {
    return decide(now, CONFIG);
  }

  SessionVerdict decide(Instant now, RetentionConfig config) {
    return decision(now, config).verdict();
  }

  SessionDecision decision(Instant now) {
    return decision(now, CONFIG);
  }

  private SessionDecision decision(Instant now, RetentionConfig config) {
    return ReapPolicy.decide(state(), history(), now, config);
  }

  private VdiTemplate templateObject() {
    return KubeGson.gson()
        .fromJson(
            "{metadata: {name: ubuntu, generation: %d}, spec: {image: x"
                    .formatted(templateGeneration)
                + maxTimeout.map(max -> ", maxTimeout: " + max).orElse("")
                + idleOn.map(on -> ", idleOn: " + on.text()).orElse("")
                + busy.map(limit -> ", busy: {cpuAbove: " + limit + "}").orElse("")
                + deleteAfterSuspended.map(d -> ", deleteAfterSuspended: " + d).orElse("")
                + "}}",
            VdiTemplate.class);
  }

  /** The metadata of an object of session "desk", with all marks of a child. */
  static ObjectMeta object(
      ChildKind kind, Optional<String> ownerUid, Map<String, String> annotations) {
    Map<String, String> all = new HashMap<>(annotations);
    all.put(Annotations.USER, "alice@example.com");
    return new ObjectMeta(
        kind.nameFor("desk"),
        "ns",
        "uid-object",
        "9",
        1,
        NOON,
        null,
        Labels.ofSession("desk", "alice@example.com"),
        all,
        List.of(),
        ownerUid.stream()
            .map(uid -> new OwnerReference("vdi.kasm.io/v1alpha1", "VDISession", "desk", uid, true))
            .toList(),
        0);
  }

  static ManagedObject.Child child(ChildKind kind, Optional<String> ownerUid) {
    return new ManagedObject.Child(kind, object(kind, ownerUid, Map.of()), "desk");
  }

  static ManagedObject.Home home(Map<String, String> annotations) {
    return new ManagedObject.Home(object(ChildKind.HOME, Optional.empty(), annotations), "desk");
  }
}
