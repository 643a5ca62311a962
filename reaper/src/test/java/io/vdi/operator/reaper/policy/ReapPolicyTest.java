package io.vdi.operator.reaper.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.IdleAction;
import io.vdi.operator.common.model.IdleOn;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ScheduleWindow;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReapPolicyTest {
  private static final Instant NOON = SessionBuilder.NOON;
  private static final SessionVerdict KEEP = SessionVerdict.Keep.UNTIL_CHANGED;

  private final SessionBuilder session = new SessionBuilder();

  private SessionVerdict.Warn warning(Instant now) {
    SessionVerdict verdict = session.decide(now);
    assertThat(verdict).isInstanceOf(SessionVerdict.Warn.class);
    return (SessionVerdict.Warn) verdict;
  }

  @Test
  void aTimeoutIsWarnedOfTenMinutesBeforeAndDueInItsSecond() {
    Instant end = NOON.plus(Duration.ofHours(8));
    String message =
        "ends at 2026-03-01T20:00:00Z, when its timeout of 8h is reached; raise spec.timeout to"
            + " continue";
    assertThat(session.decide(end.minusSeconds(601)))
        .isEqualTo(SessionVerdict.Keep.until(end.minusSeconds(600)));
    Deadline deadline =
        new Deadline(
            ReapReason.TIMEOUT,
            Deadline.Action.DELETE,
            end,
            Duration.ofMinutes(10),
            "1/1",
            "its timeout of 8h is reached",
            "raise spec.timeout to continue");
    assertThat(session.decide(end.minusSeconds(600)))
        .isEqualTo(new SessionVerdict.Warn(deadline, message));
    session.announced(ReapReason.TIMEOUT, end);
    SessionVerdict warned = new SessionVerdict.Ending(deadline, end, message, end);
    assertThat(session.decide(end.minusSeconds(600))).isEqualTo(warned);
    assertThat(session.decide(end.minusNanos(1))).isEqualTo(warned);
    assertThat(session.decide(end))
        .isEqualTo(
            new SessionVerdict.Expire(ReapReason.TIMEOUT, end, "its timeout of 8h is reached"));
  }

  @Test
  void aSessionThatWasNotWarnedInTimeEndsLater() {
    session.maxTimeout = Optional.of("2h");
    Instant now = NOON.plus(Duration.ofHours(5));
    assertThat(warning(now).message())
        .isEqualTo(
            "ends at 2026-03-01T17:10:00Z, because the maximum timeout of its template, 2h, is"
                + " reached");
    assertThat(session.decision(now).deletionDue()).as("due, although not warned").isTrue();
    Instant end = now.plusSeconds(600);
    session.announced(ReapReason.TIMEOUT, end);
    assertThat(session.decide(end.minusNanos(1))).isInstanceOf(SessionVerdict.Ending.class);
    assertThat(session.decide(end))
        .isEqualTo(
            new SessionVerdict.Expire(
                ReapReason.TIMEOUT, end, "the maximum timeout of its template, 2h, is reached"));
  }

  @Test
  void aTimeoutThatIsNotLongerThanTheWarningIsWarnedOfAfterHalfOfIt() {
    session.timeout = Optional.of("10m");
    assertThat(session.decide(NOON)).isEqualTo(SessionVerdict.Keep.until(NOON.plusSeconds(300)));
    session.timeout = Optional.of("11m");
    assertThat(session.decide(NOON)).isEqualTo(SessionVerdict.Keep.until(NOON.plusSeconds(60)));
  }

  @Test
  void aWarningIsWithdrawnWhenTheEndMovesToALaterTime() {
    Instant now = NOON.plus(Duration.ofHours(3));
    session.maxTimeout = Optional.of("2h");
    session.announced(ReapReason.TIMEOUT, now.plusSeconds(600));
    assertThat(session.decision(now).upheld()).containsExactly(ReapReason.TIMEOUT);
    session.maxTimeout = Optional.of("6h");
    assertThat(session.decision(now).upheld()).isEmpty();
    session.announcedEnds = Map.of();
    session.maxTimeout = Optional.of("2h");
    session.templateGeneration = 3;
    assertThat(warning(now).deadline().revision())
        .as("differs from that of the first warning, so it has another Event")
        .isEqualTo("1/3");
  }

  /** Otherwise a user could postpone the end again and again by small changes. */
  @Test
  void anAnnouncedEndStandsWhenTheDeadlineMovesToAnEarlierTime() {
    Instant end = NOON.plus(Duration.ofHours(8));
    session.announced(ReapReason.TIMEOUT, end);
    session.timeout = Optional.of("7h55m");
    session.generation = 2;
    assertThat(session.decide(end.minusSeconds(60)))
        .isInstanceOfSatisfying(
            SessionVerdict.Ending.class, ending -> assertThat(ending.end()).isEqualTo(end));
    assertThat(session.decide(end)).isInstanceOf(SessionVerdict.Expire.class);
  }

  @Test
  void aStartWithdrawsTheWarningOfAStopThatWasMissed() {
    session.timeout = Optional.of("72h");
    session.started = Optional.of(NOON.minus(Duration.ofDays(1)));
    session.schedule =
        Optional.of(
            List.of(
                new ScheduleWindow(List.of("Sun"), "08:00", "11:00", "UTC", List.of()),
                new ScheduleWindow(List.of("Sun"), "12:00", "17:00", "UTC", List.of())));
    Instant noticed = NOON.minus(Duration.ofMinutes(11));
    Deadline missed = warning(noticed).deadline();
    assertThat(missed.at()).isEqualTo("2026-03-01T11:00:00Z");
    session.announced(ReapReason.SCHEDULE, missed.endIfWarnedAt(noticed));
    assertThat(session.decide(noticed.plus(Duration.ofMinutes(10))))
        .isInstanceOf(SessionVerdict.Keep.class);
    assertThat(warning(NOON.plus(Duration.ofMinutes(290))).deadline().at())
        .isEqualTo("2026-03-01T17:00:00Z");
  }

  @Test
  void eachReasonNeedsItsOwnWarning() {
    session.idleTimeout = Optional.of("30m");
    session.timeout = Optional.of("35m");
    session.activity = new Activity.Idle(NOON, NOON.plusSeconds(1800));
    session.announced(ReapReason.TIMEOUT, NOON.plusSeconds(2100));
    assertThat(warning(NOON.plusSeconds(1800)).deadline().reason()).isEqualTo(ReapReason.IDLE);
  }

  @Test
  void theMaximumOfTheTemplateCountsIfItIsShorter() {
    session.maxTimeout = Optional.of("2h");
    assertThat(session.decideWarned(NOON.plusSeconds(7200)))
        .isEqualTo(
            new SessionVerdict.Expire(
                ReapReason.TIMEOUT,
                NOON.plusSeconds(7200),
                "the maximum timeout of its template, 2h, is reached"));
  }

  @Test
  void withoutATemplateTheTimeoutOfTheSessionCountsElseTheStatus() {
    session.template = false;
    assertThat(session.decideWarned(NOON.plusSeconds(8 * 3600)))
        .isInstanceOf(SessionVerdict.Expire.class);
    session.timeout = Optional.empty();
    assertThat(session.decide(NOON.plusSeconds(80 * 3600)))
        .isEqualTo(
            new SessionVerdict.Unknown(
                "its end is unknown: spec.timeout is not set, and template ubuntu is missing"));
    session.expiresAt = Optional.of(NOON.plusSeconds(60));
    session.announcedEnds = Map.of();
    assertThat(session.decideWarned(NOON.plusSeconds(60)))
        .isInstanceOf(SessionVerdict.Expire.class);
  }

  @Test
  void withAnInvalidTimeoutTheEndIsUnknown() {
    session.timeout = Optional.of("soon");
    assertThat(session.decide(NOON.plus(Duration.ofDays(365))))
        .isInstanceOf(SessionVerdict.Unknown.class);
  }

  @Test
  void anIdleSessionIsSuspendedUnlessItsActionIsDelete() {
    session.idleTimeout = Optional.of("30m");
    Instant end = NOON.plusSeconds(1800);
    session.activity = new Activity.Idle(NOON, end);
    assertThat(session.decideWarned(end))
        .isEqualTo(
            new SessionVerdict.Suspend(
                ReapReason.IDLE, end, "no client has been connected for 30m"));
    assertThat(session.decision(end).deletionDue()).isFalse();
    session.idleAction = Optional.of(IdleAction.DELETE);
    assertThat(session.decideWarned(end))
        .isEqualTo(
            new SessionVerdict.Expire(
                ReapReason.IDLE, end, "no client has been connected for 30m"));
  }

  @Test
  void theWarningSaysWhetherTheSessionIsSuspended() {
    session.idleTimeout = Optional.of("30m");
    session.activity = new Activity.Idle(NOON, NOON.plusSeconds(1200));
    assertThat(warning(NOON.plusSeconds(1200)).message())
        .isEqualTo(
            "is suspended at 2026-03-01T12:30:00Z, when no client has been connected"
                + " for 30m; connect to continue");
  }

  @Test
  void withNoInputTheMessagesAreAboutInput() {
    session.idleTimeout = Optional.of("30m");
    session.idleOn = Optional.of(IdleOn.NO_INPUT);
    session.activity = new Activity.Idle(NOON, NOON.plusSeconds(1200));
    assertThat(warning(NOON.plusSeconds(1200)).message())
        .isEqualTo(
            "is suspended at 2026-03-01T12:30:00Z, when there has been no input for 30m;"
                + " move the pointer or press a key to continue");
    session.busy = Optional.of("500m");
    Instant end = NOON.plusSeconds(1800);
    session.activity = new Activity.Idle(NOON, end);
    assertThat(session.decideWarned(end))
        .isEqualTo(
            new SessionVerdict.Suspend(
                ReapReason.IDLE, end, "there has been no input and it has not been busy for 30m"));
  }

  /** A suspension that is refused again and again must not keep the session for ever. */
  @Test
  void aDeletionThatIsDueComesBeforeASuspension() {
    session.idleTimeout = Optional.of("30m");
    Instant end = NOON.plus(Duration.ofHours(8));
    session.activity = new Activity.Idle(NOON, end);
    assertThat(session.decideWarned(end))
        .isInstanceOfSatisfying(
            SessionVerdict.Expire.class,
            expire -> assertThat(expire.reason()).isEqualTo(ReapReason.TIMEOUT));
  }

  @Test
  void idlenessNeedsARecentObservationOfTheWholeIdleTimeout() {
    session.idleTimeout = Optional.of("30m");
    Instant end = NOON.plusSeconds(1800);
    session.announced(ReapReason.IDLE, end);
    session.activity = new Activity.Idle(NOON, end);
    assertThat(session.decide(end)).isInstanceOf(SessionVerdict.Suspend.class);
    session.activity = new Activity.Idle(NOON, end.minusSeconds(1));
    assertThat(session.decide(end)).isInstanceOf(SessionVerdict.Keep.class);
    session.activity = new Activity.Idle(NOON, end);
    assertThat(session.decide(end.plusSeconds(11))).isInstanceOf(SessionVerdict.Keep.class);
    session.activity = new Activity.InUse(end);
    assertThat(session.decide(end)).isInstanceOf(SessionVerdict.Keep.class);
    session.activity = new Activity.Unknown();
    assertThat(session.decide(end)).isInstanceOf(SessionVerdict.Keep.class);
  }

  @Test
  void aShortIdleTimeoutIsWarnedOfAfterHalfOfIt() {
    session.idleTimeout = Optional.of("10m");
    session.activity = new Activity.Idle(NOON, NOON);
    assertThat(session.decide(NOON.plusSeconds(299)))
        .isEqualTo(SessionVerdict.Keep.until(NOON.plusSeconds(300)));
    assertThat(session.decide(NOON.plusSeconds(300))).isInstanceOf(SessionVerdict.Warn.class);
  }

  @Test
  void failedCountsFromTheConditionElseFromTheFirstObservation() {
    session.phase = Optional.of(Phase.FAILED);
    session.started = Optional.empty();
    session.failedSince = Optional.of(NOON.plusSeconds(500));
    Instant observed = NOON.plusSeconds(500).plus(Duration.ofHours(24));
    assertThat(session.decide(observed.minusSeconds(1))).isInstanceOf(SessionVerdict.Warn.class);
    assertThat(session.decideWarned(observed)).isInstanceOf(SessionVerdict.Expire.class);
    session.failedCondition = Optional.of(NOON);
    session.announcedEnds = Map.of();
    assertThat(session.decideWarned(NOON.plus(Duration.ofHours(24))))
        .isEqualTo(
            new SessionVerdict.Expire(
                ReapReason.FAILED, NOON.plus(Duration.ofHours(24)), "it has been Failed for 24h"));
  }

  @ParameterizedTest
  @EnumSource(names = {"PENDING", "CREATING"})
  void aFailedSessionStaysFailedWhileTheControllerTriesAgain(Phase phase) {
    session.phase = Optional.of(phase);
    session.started = Optional.empty();
    session.failedCondition = Optional.of(NOON);
    assertThat(session.decideWarned(NOON.plus(Duration.ofHours(24))))
        .isInstanceOf(SessionVerdict.Expire.class);
  }

  @Test
  void aFailedSessionThatHasRunHasNoEnd() {
    session.phase = Optional.of(Phase.FAILED);
    session.started = Optional.empty();
    session.failedCondition = Optional.of(NOON);
    session.initialized = true;
    assertThat(session.decide(NOON.plus(Duration.ofDays(99)))).isEqualTo(KEEP);
  }

  @Test
  void neverStartedCountsFromTheTimeAtWhichThePodWasScheduled() {
    session.phase = Optional.of(Phase.CREATING);
    session.started = Optional.empty();
    Instant end = NOON.plusSeconds(630);
    assertThat(session.decide(end)).as("without a pod").isEqualTo(KEEP);
    session.pod = Optional.of(podScheduledAt("2026-03-01T12:00:30Z", "uid-1"));
    assertThat(session.decide(end.minusSeconds(1))).isInstanceOf(SessionVerdict.Warn.class);
    assertThat(session.decideWarned(end))
        .isEqualTo(
            new SessionVerdict.Expire(
                ReapReason.NEVER_STARTED, end, "it has not become ready within 10m"));
    session.initialized = true;
    assertThat(session.decide(end)).as("resumed, and not ready again").isEqualTo(KEEP);
    session.initialized = false;
    session.pod = Optional.of(podScheduledAt("2026-03-01T12:00:30Z", "uid-0"));
    assertThat(session.decide(end)).as("with the pod of another session").isEqualTo(KEEP);
  }

  private static Pod podScheduledAt(String time, String owner) {
    Pod pod =
        KubeGson.gson()
            .fromJson(
                """
                {"spec": {"nodeName": "n"}, "status": {"phase": "Pending", "conditions": [
                  {"type": "PodScheduled", "status": "True", "lastTransitionTime": "%s"}]}}
                """
                    .formatted(time),
                Pod.class);
    return new Pod(
        SessionBuilder.object(ChildKind.POD, Optional.of(owner), Map.of()),
        pod.spec(),
        pod.status());
  }

  @Test
  void aSuspendedSessionHasNoEnd() {
    session.suspended = true;
    assertThat(session.decide(NOON.plus(Duration.ofDays(99)))).isEqualTo(KEEP);
  }

  @Test
  void aSuspendedSessionIsDeletedAfterTheTimeThatItsTemplateNames() {
    session.suspended = true;
    session.phase = Optional.of(Phase.SUSPENDED);
    session.started = Optional.empty();
    session.deleteAfterSuspended = Optional.of("24h");
    Instant end = NOON.plus(Duration.ofHours(24));
    assertThat(session.decide(end)).as("before its pod is deleted").isEqualTo(KEEP);
    session.suspendedCondition = Optional.of(NOON);
    assertThat(session.decide(NOON)).isEqualTo(SessionVerdict.Keep.until(end.minusSeconds(600)));
    assertThat(warning(end.minusSeconds(600)).message())
        .isEqualTo(
            "ends at 2026-03-02T12:00:00Z, when it has been suspended for 24h; set"
                + " spec.suspended to false to continue");
    assertThat(session.decideWarned(end))
        .isEqualTo(
            new SessionVerdict.Expire(ReapReason.SUSPENDED, end, "it has been suspended for 24h"));
    session.suspended = false;
    assertThat(session.decide(end)).as("resumed").isEqualTo(KEEP);
  }

  @Test
  void theAnnotationEndedByIsRevokedUnlessTheSessionIsDue() {
    Instant end = NOON.plus(Duration.ofHours(8));
    assertThat(session.decision(NOON).endRevoked()).as("without the annotation").isFalse();
    session.endedBy = true;
    assertThat(session.decision(NOON).endRevoked()).isTrue();
    assertThat(session.decision(end.minusNanos(1)).endRevoked()).isTrue();
    assertThat(session.decision(end).endRevoked())
        .as("when it is due, although a new reaper does not know the warning yet")
        .isFalse();
    session.announced(ReapReason.TIMEOUT, end);
    assertThat(session.decision(end).endRevoked()).as("at its end").isFalse();
    session.deleted = Optional.of(end);
    assertThat(session.decision(end).endRevoked()).as("when it is deleted").isFalse();
  }

  @Test
  void aProtectedSessionHasNoEnd() {
    session.keep = true;
    assertThat(session.decide(NOON.plus(Duration.ofDays(99)))).isEqualTo(KEEP);
  }

  @Test
  void aDeletedSessionIsStuckAfterTheTerminatingTimeout() {
    session.deleted = Optional.of(NOON);
    assertThat(session.decide(NOON.plusSeconds(599)))
        .isEqualTo(SessionVerdict.Keep.until(NOON.plusSeconds(600)));
    assertThat(session.decide(NOON.plusSeconds(600)))
        .isEqualTo(
            new SessionVerdict.Stuck(
                NOON,
                "deleted at 2026-03-01T12:00:00Z, and the controller has not removed its"
                    + " finalizer: check that the controller runs",
                false));
  }

  @Test
  void theHomeOfAStuckSessionIsKeptUnlessAPersonDeletedItWithItsHome() {
    session.deleted = Optional.of(NOON);
    assertThat(keepsHome()).isFalse();
    session.template = false;
    assertThat(keepsHome()).as("with an unknown reclaim policy").isTrue();
    session.template = true;
    session.endedBy = true;
    assertThat(keepsHome()).as("ended by the reaper").isTrue();
  }

  private boolean keepsHome() {
    return ((SessionVerdict.Stuck) session.decide(NOON.plusSeconds(600))).keepsHome();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "HOME")
  void aChildWithoutASessionIsDeletedAfterTheGracePeriod(ChildKind kind) {
    for (Optional<String> owner : List.of(Optional.<String>empty(), Optional.of("uid-0"))) {
      ManagedObject.Child child = SessionBuilder.child(kind, owner);
      assertThat(decide(child, Optional.empty(), NOON.plusSeconds(599)))
          .isEqualTo(new ChildVerdict.Wait(NOON.plusSeconds(600)));
      assertThat(decide(child, Optional.empty(), NOON.plusSeconds(600)))
          .isEqualTo(
              new ChildVerdict.Delete(
                  NOON.plusSeconds(600),
                  "its session desk" + (owner.isPresent() ? " (uid-0)" : "") + " is gone"));
    }
  }

  @Test
  void theGracePeriodStartsWithTheFirstObservation() {
    ManagedObject.Child child = SessionBuilder.child(ChildKind.POD, Optional.of("uid-0"));
    Instant observed = NOON.plus(Duration.ofDays(9));
    assertThat(
            ReapPolicy.decide(child, Optional.empty(), observed, observed, SessionBuilder.CONFIG))
        .isEqualTo(new ChildVerdict.Wait(observed.plusSeconds(600)));
  }

  @Test
  void aChildOfAnExistingSessionIsIgnoredAndOneOfAnEarlierSessionOfThatNameIsNot() {
    Instant late = NOON.plus(Duration.ofDays(9));
    Optional<VdiSession> existing = Optional.of(session.session());
    assertThat(decide(SessionBuilder.child(ChildKind.POD, Optional.of("uid-1")), existing, late))
        .isEqualTo(new ChildVerdict.Ignore());
    assertThat(decide(SessionBuilder.child(ChildKind.POD, Optional.of("uid-0")), existing, late))
        .isInstanceOf(ChildVerdict.Delete.class);
  }

  @Test
  void aChildWithoutAnOwnerBelongsToAnExistingSessionOfItsUser() {
    Instant late = NOON.plus(Duration.ofDays(9));
    ManagedObject.Child child = SessionBuilder.child(ChildKind.POD, Optional.empty());
    assertThat(decide(child, Optional.of(session.session()), late))
        .isEqualTo(new ChildVerdict.Ignore());
    assertThat(decide(child, Optional.of(evesSession()), late))
        .as("with a session of another user")
        .isInstanceOf(ChildVerdict.Delete.class);
    session.deleted = Optional.of(NOON);
    assertThat(decide(child, Optional.of(session.session()), late))
        .as("with a session that is being deleted")
        .isInstanceOf(ChildVerdict.Delete.class);
  }

  @Test
  void aHomeWhoseOwnerDoesNotExistIsARetainedHome() {
    Instant late = NOON.plus(Duration.ofDays(99));
    ManagedObject.Home home =
        new ManagedObject.Home(
            SessionBuilder.object(ChildKind.HOME, Optional.of("uid-0"), Map.of()), "desk");
    assertThat(ReapPolicy.decide(home, Optional.empty(), late, SessionBuilder.CONFIG))
        .isEqualTo(new HomeVerdict.MarkReleased(late));
    assertThat(ReapPolicy.decide(home, Optional.of(session.session()), late, SessionBuilder.CONFIG))
        .isEqualTo(new HomeVerdict.Ignore());
  }

  @Test
  void aHomeIsMarkedWhenNoSessionUsesItAndDeletedThirtyDaysLater() {
    assertThat(decide(Map.of(), Optional.empty(), NOON))
        .isEqualTo(new HomeVerdict.MarkReleased(NOON));
    Map<String, String> released = Map.of(Annotations.RELEASED_AT, NOON.toString());
    Instant end = NOON.plus(Duration.ofDays(30));
    assertThat(decide(released, Optional.empty(), end.minusSeconds(1)))
        .isEqualTo(new HomeVerdict.Retain(end));
    assertThat(decide(released, Optional.empty(), end))
        .isEqualTo(
            new HomeVerdict.Delete(end, "no session has used it since 2026-03-01T12:00:00Z"));
  }

  @Test
  void onlyASessionOfTheSameUserUsesAHome() {
    Map<String, String> released = Map.of(Annotations.RELEASED_AT, NOON.toString());
    Instant end = NOON.plus(Duration.ofDays(31));
    Optional<VdiSession> alices = Optional.of(session.session());
    assertThat(decide(released, alices, end)).isEqualTo(new HomeVerdict.ClearReleased());
    assertThat(decide(Map.of(), alices, end)).isEqualTo(new HomeVerdict.Ignore());
    assertThat(decide(released, Optional.of(evesSession()), end))
        .isInstanceOf(HomeVerdict.Delete.class);
  }

  private static VdiSession evesSession() {
    return KubeGson.gson()
        .fromJson(
            "{metadata: {name: desk, uid: e}, spec: {user: eve@example.com}}", VdiSession.class);
  }

  @Test
  void anUnreadableReleaseTimeIsReplaced() {
    assertThat(decide(Map.of(Annotations.RELEASED_AT, "long ago"), Optional.empty(), NOON))
        .isEqualTo(new HomeVerdict.MarkReleased(NOON));
  }

  @Test
  void aProtectedSessionEndsAtTheMaximumOfItsTemplateAndNotBefore() {
    SessionBuilder session = new SessionBuilder();
    session.keep = true;
    session.timeout = Optional.of("1h");
    assertThat(session.decide(NOON.plus(Duration.ofDays(9))))
        .isEqualTo(SessionVerdict.Keep.UNTIL_CHANGED);
    session.maxTimeout = Optional.of("8h");
    session.announcedEnds = Map.of(ReapReason.TIMEOUT, NOON.plus(Duration.ofHours(8)));
    assertThat(session.decide(NOON.plus(Duration.ofHours(7))))
        .isNotInstanceOf(SessionVerdict.Expire.class);
    assertThat(session.decide(NOON.plus(Duration.ofHours(8))))
        .isInstanceOfSatisfying(
            SessionVerdict.Expire.class,
            expire -> assertThat(expire.message()).contains("maximum timeout of its template, 8h"));
  }

  @Test
  void aProtectedObjectIsNeverDeleted() {
    Instant late = NOON.plus(Duration.ofDays(99));
    Map<String, String> keep = Map.of(Annotations.KEEP, "true");
    assertThat(decide(keep, Optional.empty(), late)).isEqualTo(new HomeVerdict.Ignore());
    Map<String, String> released =
        Map.of(Annotations.KEEP, "true", Annotations.RELEASED_AT, NOON.toString());
    assertThat(decide(released, Optional.empty(), late)).isEqualTo(new HomeVerdict.RetainForever());
    ObjectMeta pod = SessionBuilder.object(ChildKind.POD, Optional.empty(), keep);
    assertThat(decide(new ManagedObject.Child(ChildKind.POD, pod, "desk"), Optional.empty(), late))
        .isEqualTo(new ChildVerdict.Ignore());
  }

  @Test
  void retentionPeriodsOfZeroMeanNever() {
    RetentionConfig never =
        new RetentionConfig(
            Duration.ofMinutes(10),
            Duration.ZERO,
            true,
            Duration.ofMinutes(10),
            Duration.ofMinutes(10),
            Duration.ZERO,
            SessionBuilder.CONFIG.schedule());
    Instant late = NOON.plus(Duration.ofDays(9999));
    ManagedObject.Home home = SessionBuilder.home(Map.of(Annotations.RELEASED_AT, NOON.toString()));
    assertThat(ReapPolicy.decide(home, Optional.empty(), late, never))
        .isEqualTo(new HomeVerdict.RetainForever());
    session.phase = Optional.of(Phase.FAILED);
    session.started = Optional.empty();
    session.failedCondition = Optional.of(NOON);
    assertThat(session.decide(late, never)).isInstanceOf(SessionVerdict.Keep.class);
  }

  private static ChildVerdict decide(
      ManagedObject.Child child, Optional<VdiSession> session, Instant now) {
    return ReapPolicy.decide(child, session, NOON, now, SessionBuilder.CONFIG);
  }

  private static HomeVerdict decide(
      Map<String, String> annotations, Optional<VdiSession> session, Instant now) {
    return ReapPolicy.decide(SessionBuilder.home(annotations), session, now, SessionBuilder.CONFIG);
  }
}
