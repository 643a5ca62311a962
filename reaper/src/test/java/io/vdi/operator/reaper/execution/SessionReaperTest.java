package io.vdi.operator.reaper.execution;

import static io.vdi.operator.reaper.execution.ExecutionFixture.NOON;
import static io.vdi.operator.reaper.execution.ExecutionFixture.key;
import static io.vdi.operator.reaper.execution.ExecutionFixture.path;
import static io.vdi.operator.reaper.execution.ExecutionFixture.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.policy.Activity;
import io.vdi.operator.reaper.policy.ReapReason;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionReaperTest {
  private static final ReconcileResult DONE = new ReconcileResult.Done();
  private static final ReconcileResult IMMEDIATELY =
      new ReconcileResult.RequeueAfter(Duration.ZERO);
  private static final Instant END = NOON.plus(Duration.ofHours(1));
  private static final Instant WARNING = END.minus(Duration.ofMinutes(10));

  private final ExecutionFixture fixture = new ExecutionFixture();
  private final SessionReaper reaper = newReaper();

  private SessionReaper newReaper() {
    return new SessionReaper(
        fixture.sessions,
        fixture.evaluator(),
        fixture.guard,
        fixture.deleter(),
        fixture::deletion,
        fixture.events,
        fixture.report,
        fixture.listener);
  }

  /** A running session at noon that was warned of its end after one hour. */
  private VdiSession warned(String name, String timeout) {
    VdiSession session = fixture.running(name, timeout);
    fixture.now = WARNING;
    reaper.reconcile(key(session));
    fixture.now = NOON;
    return session;
  }

  @BeforeEach
  void template() {
    fixture.template();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void anExpiredSessionIsDeleted() {
    VdiSession session = warned("desk", "1h");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.exists(session)).isFalse();
    assertThat(fixture.reaped).containsExactly(ReapReason.TIMEOUT);
    assertThat(fixture.dueTimes).containsExactly(END);
    assertThat(fixture.sessions.get("ns", "desk")).as("in the cache").isEmpty();
    await().until(() -> fixture.eventReasons().contains("SessionExpired"));
    assertThat(fixture.eventMessage("SessionExpired"))
        .isEqualTo(
            "deleted: its timeout of 1h is reached; its home is kept, and a session of the same"
                + " name uses it again");
  }

  @Test
  void beforeItsDeletionASessionIsMarkedSoThatItsHomeIsKept() {
    VdiSession session = warned("desk", "1h");
    fixture.server.before(
        request("DELETE", path(session)), () -> assertThat(endedBy(session)).contains("timeout"));
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.requests("PATCH")).hasSize(1);
    assertThat(fixture.exists(session)).isFalse();
  }

  @Test
  void withoutTheMarkASessionIsNotDeleted() {
    VdiSession session = warned("desk", "1h");
    fixture.refuse("PATCH", path(session), 403);
    fixture.now = END;
    assertThat(reaper.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.Retry("refused by the test"));
    assertThat(fixture.exists(session)).isTrue();
    assertThat(fixture.requests("DELETE")).isEmpty();
  }

  @Test
  void anEndThatWasInterruptedAfterTheMarkIsCompleted() {
    VdiSession session = warned("desk", "1h");
    fixture.server.disconnect(request("DELETE", path(session)));
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isInstanceOf(ReconcileResult.Retry.class);
    assertThat(endedBy(session)).contains("timeout");
    fixture.server.respondNormally();
    createdAt(onlyEvent(), WARNING);
    fixture.observe(session);
    assertThat(newReaper().reconcile(key(session))).as("after a restart").isEqualTo(DONE);
    assertThat(fixture.exists(session)).isFalse();
    assertThat(fixture.requests("PATCH")).as("marks").hasSize(1);
  }

  @Test
  void anEndThatDoesNotApplyAnyMoreIsRevoked() {
    VdiSession session = warned("desk", "1h");
    fixture.server.disconnect(request("DELETE", path(session)));
    fixture.now = END;
    reaper.reconcile(key(session));
    fixture.server.respondNormally();
    fixture.change(ResourceType.SESSION, "desk", "{\"spec\": {\"timeout\": \"9h\"}}");
    fixture.observe(session);
    fixture.dryRun = true;
    reaper.reconcile(key(session));
    assertThat(endedBy(session)).as("in a dry run").contains("timeout");
    fixture.dryRun = false;
    assertThat(reaper.reconcile(key(session))).isEqualTo(IMMEDIATELY);
    assertThat(endedBy(session)).isEmpty();
    assertThat(reaper.reconcile(key(session))).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(fixture.exists(session)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {403, 503})
  void aMarkThatCannotBeRevokedDoesNotStopTheWarning(int code) {
    VdiSession session = fixture.running("desk", "1h");
    fixture.change(
        ResourceType.SESSION,
        "desk",
        "{\"metadata\": {\"annotations\": {\"vdi.kasm.io/ended-by\": \"timeout\"}}}");
    fixture.observe(session);
    fixture.refuse("PATCH", path(session), code);
    fixture.now = WARNING;
    assertThat(reaper.reconcile(key(session)))
        .as("when to try again")
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofMinutes(1)));
    assertThat(fixture.eventReasons()).containsExactly("SessionExpiring");
  }

  private Optional<String> endedBy(VdiSession session) {
    return fixture
        .api
        .get(ResourceType.SESSION, "ns", session.name())
        .orElseThrow()
        .metadata()
        .annotation(Annotations.ENDED_BY);
  }

  @Test
  void anIdleSessionIsSuspendedWithoutGuardAndRateLimit() {
    VdiSession session = idle();
    Set<String> uids = IntStream.range(0, 20).mapToObj(i -> "u" + i).collect(Collectors.toSet());
    fixture.snapshot = new ExpirySnapshot(uids, uids);
    fixture.maxPerMinute = 0;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(isSuspended(session)).isTrue();
    assertThat(fixture.suspensions).isEqualTo(1);
    assertThat(fixture.reaped).isEmpty();
    assertThat(fixture.isReportEmpty()).isTrue();
    await().until(() -> fixture.eventReasons().contains("SessionSuspended"));
    assertThat(fixture.eventMessage("SessionSuspended"))
        .isEqualTo(
            "suspended: no client has been connected for 30m; set spec.suspended to false to"
                + " continue");
  }

  @Test
  void aSessionThatChangesJustBeforeItsSuspensionIsDecidedOnAgain() {
    VdiSession session = idle();
    fixture.server.before(
        request("PATCH", path(session)),
        () ->
            fixture.change(ResourceType.SESSION, "desk", "{\"spec\": {\"idleTimeout\": \"3h\"}}"));
    assertThat(reaper.reconcile(key(session))).isEqualTo(IMMEDIATELY);
    assertThat(isSuspended(session)).isFalse();
    fixture.server.respondNormally();
    assertThat(reaper.reconcile(key(session))).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(isSuspended(session)).isFalse();
  }

  @Test
  void aDryRunSuspendsNothing() {
    VdiSession session = idle();
    fixture.dryRun = true;
    reaper.reconcile(key(session));
    assertThat(isSuspended(session)).isFalse();
    assertThat(fixture.onlyEntry().get("message").getAsString())
        .isEqualTo("no client has been connected for 30m; held by dryRun");
    assertThat(fixture.dryRuns).isEmpty();
  }

  @Test
  void aReplicaThatLosesItsLeadershipBeforeTheSuspensionSuspendsNothing() {
    VdiSession session = idle();
    fixture.server.before(request("GET", path(session)), () -> fixture.leader = false);
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(isSuspended(session)).isFalse();
  }

  /** A session that was warned and has been idle for its idle timeout. */
  private VdiSession idle() {
    VdiSession session = fixture.running("desk", "8h");
    fixture.change(ResourceType.SESSION, "desk", "{\"spec\": {\"idleTimeout\": \"30m\"}}");
    fixture.observe(session);
    fixture.now = NOON.plus(Duration.ofMinutes(20));
    fixture.activity = new Activity.Idle(NOON, fixture.now);
    reaper.reconcile(key(session));
    fixture.now = NOON.plus(Duration.ofMinutes(30));
    fixture.activity = new Activity.Idle(NOON, fixture.now);
    return session;
  }

  private boolean isSuspended(VdiSession session) {
    return fixture
        .api
        .get(ResourceType.SESSION, "ns", session.name())
        .orElseThrow()
        .spec()
        .suspended();
  }

  @Test
  void aStopOfItsScheduleSuspendsASessionOnce() {
    VdiSession session = scheduled("stop: '13:00'");
    reaper.reconcile(key(session));
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(isSuspended(session)).isTrue();
    assertThat(fixture.scheduleStops).isEqualTo(1);
    assertThat(fixture.suspensions).as("of idle sessions").isZero();
    await().until(() -> fixture.eventReasons().contains("SessionSuspended"));
    assertThat(fixture.eventMessage("SessionExpiring"))
        .isEqualTo(
            "is suspended at 2026-03-01T13:00:00Z, when its schedule stops it; extend it to"
                + " continue");
    // Its user resumes it, and the status is still the one of the former run.
    fixture.change(ResourceType.SESSION, "desk", "{\"spec\": {\"suspended\": false}}");
    fixture.observe(session);
    fixture.now = END.plusSeconds(30);
    assertThat(reaper.reconcile(key(session))).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(isSuspended(session)).isFalse();
    assertThat(fixture.scheduleStops).isEqualTo(1);
  }

  @Test
  void anExtensionPostponesTheStopOfASchedule() {
    VdiSession session = scheduled("stop: '13:00'");
    reaper.reconcile(key(session));
    fixture.change(
        ResourceType.SESSION, "desk", "{\"spec\": {\"awakeUntil\": \"2026-03-01T15:00:00Z\"}}");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session)))
        .as("at the next warning")
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofMinutes(110)));
    assertThat(isSuspended(session)).isFalse();
  }

  @Test
  void aStartOfItsScheduleResumesASession() {
    VdiSession session = scheduled("start: '13:00'");
    suspendedByItsUser(session);
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(IMMEDIATELY);
    assertThat(isSuspended(session)).isFalse();
    assertThat(fixture.scheduleStarts).isEqualTo(1);
    await().until(() -> fixture.eventReasons().contains("SessionResumed"));
    assertThat(fixture.eventMessage("SessionResumed")).isEqualTo("resumed: its schedule starts it");
  }

  @Test
  void aStartThatIsRefusedHasOneEventAndIsTriedAgain() {
    VdiSession session = scheduled("start: '13:00'");
    suspendedByItsUser(session);
    fixture.refuse("PATCH", path(session), 403);
    fixture.now = END;
    ReconcileResult inOneMinute = new ReconcileResult.RequeueAfter(Duration.ofMinutes(1));
    assertThat(reaper.reconcile(key(session))).isEqualTo(inOneMinute);
    assertThat(reaper.reconcile(key(session))).isEqualTo(inOneMinute);
    assertThat(fixture.eventReasons()).containsExactly("ScheduledStartRefused");
    fixture.now = END.plus(Duration.ofHours(2));
    assertThat(reaper.reconcile(key(session))).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(isSuspended(session)).isTrue();
  }

  @Test
  void aDryRunNeitherStopsNorStarts() {
    VdiSession session = scheduled("start: '13:00'");
    suspendedByItsUser(session);
    fixture.dryRun = true;
    fixture.now = END;
    reaper.reconcile(key(session));
    assertThat(isSuspended(session)).isTrue();
    assertThat(fixture.onlyEntry().get("message").getAsString())
        .isEqualTo("its schedule starts it; held by dryRun");
  }

  /** A session that started at noon and has a window, ten minutes before its boundary. */
  private VdiSession scheduled(String boundary) {
    VdiSession session = fixture.running("desk", "99h");
    fixture.change(
        ResourceType.SESSION,
        "desk",
        "{\"spec\": {\"schedule\": [{\"days\": [\"Sun\"], %s, \"timeZone\": \"UTC\"}]}}"
            .formatted(boundary));
    fixture.observe(session);
    fixture.now = WARNING;
    return session;
  }

  private void suspendedByItsUser(VdiSession session) {
    fixture.change(
        ResourceType.SESSION,
        "desk",
        """
        {"spec": {"suspended": true}, "status": {"phase": "Suspended", "startTime": null,
         "conditions": [{"type": "Suspended", "status": "True", "reason": "Suspended", "message": "",
           "lastTransitionTime": "2026-03-01T12:30:00Z"}]}}
        """);
    fixture.observe(session);
  }

  @Test
  void aSessionIsNotDeletedBeforeItsEnd() {
    VdiSession session = fixture.running("desk", "1h");
    fixture.now = END.minus(Duration.ofMinutes(30));
    assertThat(reaper.reconcile(key(session)))
        .as("when to decide again: at the warning")
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofMinutes(20)));
    assertThat(fixture.exists(session)).isTrue();
    assertThat(fixture.isReportEmpty()).isTrue();
  }

  @Test
  void anExtensionThatTheCacheDoesNotShowWins() {
    VdiSession session = warned("desk", "1h");
    fixture.change(ResourceType.SESSION, "desk", "{\"spec\": {\"timeout\": \"9h\"}}");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session)))
        .isEqualTo(
            new ReconcileResult.RequeueAfter(Duration.ofHours(8).minus(Duration.ofMinutes(10))));
    assertThat(fixture.exists(session)).isTrue();
    assertThat(fixture.sessions.get("ns", "desk").orElseThrow().spec().timeout())
        .as("timeout in the cache")
        .isEqualTo("9h");
  }

  @Test
  void anExtensionOfTheTemplateThatTheCacheDoesNotShowWins() {
    fixture.templates.created(
        fixture.add(
            ResourceType.TEMPLATE,
            "{\"metadata\": {\"name\": \"ubuntu\"}, \"spec\": {\"maxTimeout\": \"1h\"}}"));
    VdiSession session = warned("desk", "9h");
    fixture.change(ResourceType.TEMPLATE, "ubuntu", "{\"spec\": {\"maxTimeout\": \"5h\"}}");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(fixture.exists(session)).isTrue();
  }

  @Test
  void anExtensionJustBeforeTheDeletionWins() {
    VdiSession session = warned("desk", "1h");
    fixture.server.before(
        request("DELETE", path(session)),
        () -> fixture.change(ResourceType.SESSION, "desk", "{\"spec\": {\"timeout\": \"9h\"}}"));
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(IMMEDIATELY);
    assertThat(fixture.exists(session)).isTrue();
    assertThat(fixture.reaped).isEmpty();
    reaper.reconcile(key(session));
    assertThat(fixture.requests("DELETE")).as("attempts to delete it").hasSize(1);
  }

  @Test
  void aSessionThatDoesNotExistAnyMoreIsDone() {
    VdiSession session = warned("desk", "1h");
    fixture.server.remove(ResourceType.SESSION, "ns", "desk");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.requests("DELETE")).isEmpty();
  }

  @Test
  void aSessionThatIsDeletedByAnotherClientIsDone() {
    VdiSession session = warned("desk", "1h");
    fixture.server.before(
        request("DELETE", path(session)),
        () -> fixture.server.remove(ResourceType.SESSION, "ns", "desk"));
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.reaped).isEmpty();
  }

  @Test
  void aRecreatedSessionOfTheSameNameIsNotDeleted() {
    VdiSession session = warned("desk", "1h");
    fixture.change(ResourceType.SESSION, "desk", "{\"metadata\": {\"uid\": \"new\"}}");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.requests("DELETE")).isEmpty();
  }

  @Test
  void withoutAnAnswerAboutTheSessionNothingIsDeleted() {
    VdiSession session = warned("desk", "1h");
    fixture.server.disconnect(request("GET", path(session)));
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isInstanceOf(ReconcileResult.Retry.class);
    assertThat(fixture.exists(session)).isTrue();
    fixture.server.respondNormally();
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.exists(session)).isFalse();
  }

  @Test
  void withoutAnAnswerAboutTheTemplateNothingIsDeleted() {
    VdiSession session = warned("desk", "1h");
    fixture.refuse("GET", ResourceType.TEMPLATE.path("", "ubuntu"), 500);
    fixture.now = END;
    assertThat(reaper.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.Retry("refused by the test"));
    assertThat(fixture.exists(session)).isTrue();
  }

  @Test
  void aDeletionThatFailsIsRetried() {
    VdiSession session = warned("desk", "1h");
    fixture.refuse("DELETE", path(session), 503);
    fixture.now = END;
    assertThat(reaper.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.Retry("refused by the test"));
    assertThat(fixture.reaped).isEmpty();
  }

  @Test
  void aSessionWithAFinalizerStaysInTheCacheAsDeleted() {
    VdiSession session = warned("desk", "1h");
    fixture.change(
        ResourceType.SESSION,
        "desk",
        "{\"metadata\": {\"finalizers\": [\"vdi.kasm.io/session-cleanup\"]}}");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.sessions.get("ns", "desk").orElseThrow().metadata().isDeleting()).isTrue();
    reaper.reconcile(key(session));
    assertThat(fixture.requests("DELETE")).as("deletions").hasSize(1);
  }

  @Test
  void theRateLimitHoldsASessionAndTheReportSaysSo() {
    fixture.maxPerMinute = 1;
    VdiSession first = warned("first", "1h");
    VdiSession second = warned("second", "1h");
    fixture.now = END;
    reaper.reconcile(key(first));
    assertThat(reaper.reconcile(key(second))).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(fixture.exists(second)).isTrue();
    assertThat(fixture.onlyEntry().get("message").getAsString())
        .isEqualTo("its timeout of 1h is reached; held by maxDeletionsPerMinute");
    assertThat(fixture.report.overdue()).isEqualTo(1);
  }

  @Test
  void theGuardHoldsASessionBeforeAnythingIsRead() {
    VdiSession session = warned("desk", "1h");
    Set<String> uids = IntStream.range(0, 20).mapToObj(i -> "u" + i).collect(Collectors.toSet());
    fixture.snapshot = new ExpirySnapshot(uids, uids);
    fixture.now = END;
    assertThat(reaper.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofSeconds(5)));
    assertThat(fixture.requests("GET")).isEmpty();
    assertThat(fixture.onlyEntry().get("message").getAsString())
        .isEqualTo("its timeout of 1h is reached; held by massDeletionPercent");
  }

  @Test
  void aDryRunReportsAndCountsASessionOnceAndWritesNothing() {
    fixture.dryRun = true;
    VdiSession session = fixture.running("desk", "1h");
    fixture.now = WARNING;
    reaper.reconcile(key(session));
    fixture.now = END;
    reaper.reconcile(key(session));
    reaper.reconcile(key(session));
    assertThat(fixture.dryRuns).containsExactly(ReapReason.TIMEOUT);
    assertThat(fixture.onlyEntry().get("message").getAsString())
        .isEqualTo("its timeout of 1h is reached; held by dryRun");
    assertThat(fixture.exists(session)).isTrue();
    assertThat(fixture.eventReasons()).isEmpty();
  }

  @Test
  void aWarningIsRecordedOnce() {
    VdiSession session = fixture.running("desk", "1h");
    fixture.now = WARNING;
    ReconcileResult atTheEnd = new ReconcileResult.RequeueAfter(Duration.ofMinutes(10));
    assertThat(reaper.reconcile(key(session))).isEqualTo(atTheEnd);
    assertThat(reaper.reconcile(key(session))).isEqualTo(atTheEnd);
    assertThat(fixture.eventReasons()).containsExactly("SessionExpiring");
    assertThat(fixture.onlyEntry().get("state").getAsString()).isEqualTo("ending");
  }

  @Test
  void aWarningThatCannotBeRecordedIsRetried() {
    VdiSession session = fixture.running("desk", "1h");
    String events = ResourceType.EVENT.path("ns");
    fixture.refuse("POST", events, 503);
    fixture.now = END.minusSeconds(60);
    assertThat(reaper.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.Retry("cannot record SessionExpiring: refused by the test"));
    fixture.server.respondNormally();
    reaper.reconcile(key(session));
    assertThat(fixture.eventReasons()).containsExactly("SessionExpiring");
  }

  @Test
  void aSessionThatWasNotWarnedIsWarnedFirst() {
    VdiSession session = fixture.running("desk", "1h");
    fixture.now = END.plusSeconds(3600);
    assertThat(reaper.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofMinutes(10)));
    assertThat(fixture.exists(session)).isTrue();
    assertThat(fixture.eventMessage("SessionExpiring"))
        .isEqualTo(
            "ends at 2026-03-01T14:10:00Z, because its timeout of 1h is reached; raise"
                + " spec.timeout to continue");
    fixture.now = fixture.now.plus(Duration.ofMinutes(10));
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.exists(session)).isFalse();
    assertThat(fixture.dueTimes).as("not late").containsExactly(fixture.now);
  }

  @Test
  void afterARestartTheEventTellsSinceWhenTheWarningIsOut() {
    VdiSession session = warned("desk", "1h");
    createdAt(onlyEvent(), WARNING);
    fixture.now = END.minusSeconds(60);
    SessionReaper restarted = newReaper();
    assertThat(restarted.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofSeconds(60)));
    fixture.now = END;
    assertThat(restarted.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.exists(session)).isFalse();
    assertThat(fixture.eventReasons()).containsOnlyOnce("SessionExpiring");
  }

  @Test
  void afterARestartWithoutTheEventTheUserIsWarnedAgain() {
    VdiSession session = warned("desk", "1h");
    fixture.server.remove(ResourceType.EVENT, "ns", onlyEvent());
    fixture.now = END.minusSeconds(60);
    SessionReaper restarted = newReaper();
    assertThat(restarted.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofMinutes(10)));
    fixture.now = END;
    restarted.reconcile(key(session));
    assertThat(fixture.exists(session)).isTrue();
  }

  @Test
  void aMaximumThatIsLoweredAgainIsWarnedOfAgain() {
    VdiSession session = fixture.running("desk", "9h");
    fixture.now = NOON.plus(Duration.ofHours(2));
    maximum("1h", 2);
    reaper.reconcile(key(session));
    createdAt(onlyEvent(), fixture.now);
    maximum("8h", 3);
    reaper.reconcile(key(session));
    fixture.now = NOON.plus(Duration.ofHours(3));
    maximum("1h", 4);
    assertThat(reaper.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofMinutes(10)));
    assertThat(fixture.eventReasons()).containsExactly("SessionExpiring", "SessionExpiring");
    assertThat(fixture.exists(session)).isTrue();
  }

  private void maximum(String maxTimeout, int generation) {
    fixture.templates.created(
        fixture.add(
            ResourceType.TEMPLATE,
            "{\"metadata\": {\"name\": \"ubuntu\", \"generation\": %d}, \"spec\": {\"maxTimeout\": \"%s\"}}"
                .formatted(generation, maxTimeout)));
    reaper.rulesChanged();
  }

  @Test
  void aWarningThatTheApiServerRefusesDoesNotPostponeTheEnd() {
    VdiSession session = fixture.running("desk", "1h");
    fixture.refuse("POST", ResourceType.EVENT.path("ns"), 503);
    fixture.now = WARNING;
    reaper.reconcile(key(session));
    reaper.reconcile(key(session));
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.exists(session)).isFalse();
  }

  private String onlyEvent() {
    List<String> names = fixture.eventNames();
    assertThat(names).hasSize(1);
    return names.getFirst();
  }

  /** The fake API server does not have the simulated clock. */
  private void createdAt(String event, Instant time) {
    fixture.change(
        ResourceType.EVENT,
        event,
        "{\"metadata\": {\"creationTimestamp\": \"%s\"}}".formatted(time));
  }

  @Test
  void afterADryRunTheWarningIsRecorded() {
    fixture.dryRun = true;
    VdiSession session = fixture.running("desk", "1h");
    fixture.now = END.minusSeconds(60);
    reaper.reconcile(key(session));
    fixture.dryRun = false;
    reaper.rulesChanged();
    reaper.reconcile(key(session));
    assertThat(fixture.eventReasons()).containsExactly("SessionExpiring");
  }

  @Test
  void aReplicaThatIsNotTheLeaderSendsNoRequests() {
    fixture.leader = false;
    VdiSession session = fixture.running("desk", "1h");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.requests("GET")).isEmpty();
    assertThat(fixture.requests("DELETE")).isEmpty();
  }

  @Test
  void aReplicaThatLosesItsLeadershipBeforeTheDeletionDeletesNothing() {
    VdiSession session = warned("desk", "1h");
    fixture.server.before(request("GET", path(session)), () -> fixture.leader = false);
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.exists(session)).isTrue();
  }

  @Test
  void aSessionWhoseEndIsUnknownIsReportedAndStays() {
    VdiSession session = fixture.running("desk", "soon");
    fixture.now = NOON.plus(Duration.ofDays(365));
    reaper.reconcile(key(session));
    assertThat(fixture.exists(session)).isTrue();
    assertThat(fixture.onlyEntry().get("state").getAsString()).isEqualTo("unknown");
  }

  @Test
  void aFailedSessionCountsFromItsFirstObservation() {
    VdiSession session =
        fixture.add(
            ResourceType.SESSION,
            """
            {"metadata": {"name": "broken", "namespace": "ns"},
             "spec": {"user": "alice@example.com", "template": "ubuntu"},
             "status": {"phase": "Failed"}}
            """);
    fixture.sessions.created(session);
    reaper.reconcile(key(session));
    fixture.now = NOON.plus(Duration.ofHours(24)).minus(Duration.ofMinutes(10));
    reaper.reconcile(key(session));
    assertThat(fixture.exists(session)).isTrue();
    fixture.now = NOON.plus(Duration.ofHours(24));
    reaper.reconcile(key(session));
    assertThat(fixture.exists(session)).isFalse();
    assertThat(fixture.reaped).containsExactly(ReapReason.FAILED);
  }

  @Test
  void aStuckSessionIsReportedAndItsFinalizerRemovedOnlyWithForceFinalize() {
    VdiSession session =
        fixture.add(
            ResourceType.SESSION,
            """
            {"metadata": {"name": "stuck", "namespace": "ns",
               "deletionTimestamp": "2026-03-01T12:00:00Z",
               "finalizers": ["vdi.kasm.io/session-cleanup", "test/other"]},
             "spec": {"user": "alice@example.com", "template": "ubuntu"}}
            """);
    fixture.sessions.created(session);
    fixture.now = NOON.plus(Duration.ofMinutes(10));
    reaper.reconcile(key(session));
    reaper.reconcile(key(session));
    assertThat(fixture.report.stuck()).isEqualTo(1);
    assertThat(fixture.eventReasons()).containsExactly("SessionStuck");
    assertThat(finalizers("stuck")).contains("session-cleanup");
    fixture.forceFinalize = true;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(finalizers("stuck")).isEqualTo("[\"test/other\"]");
    assertThat(fixture.reaped).containsExactly(ReapReason.STUCK);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void forceFinalizeReleasesTheHomeOfASessionThatTheReaperEnded(boolean ended) {
    VdiSession session =
        fixture.add(
            ResourceType.SESSION,
            """
            {"metadata": {"name": "desk", "namespace": "ns", "annotations": {%s},
               "deletionTimestamp": "2026-03-01T12:00:00Z",
               "finalizers": ["vdi.kasm.io/session-cleanup", "test/other"]},
             "spec": {"user": "alice@example.com", "template": "ubuntu"}}
            """
                .formatted(ended ? "\"vdi.kasm.io/ended-by\": \"timeout\"" : ""));
    fixture.sessions.created(session);
    ObjectKey home = fixture.child(ChildKind.HOME, Optional.of(session.uid()), "");
    fixture.now = NOON.plus(Duration.ofMinutes(10));
    fixture.forceFinalize = true;
    fixture.refuse("PATCH", path(home), 503);
    if (ended) {
      assertThat(reaper.reconcile(key(session)))
          .isEqualTo(new ReconcileResult.Retry("cannot release its home: refused by the test"));
      assertThat(finalizers("desk")).contains("session-cleanup");
      fixture.server.respondNormally();
    }
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(finalizers("desk")).isEqualTo("[\"test/other\"]");
    assertThat(fixture.metadata(home).ownerReferences().isEmpty()).isEqualTo(ended);
  }

  private String finalizers(String name) {
    return fixture
        .server
        .find(ResourceType.SESSION, "ns", name)
        .orElseThrow()
        .getAsJsonObject("metadata")
        .get("finalizers")
        .toString();
  }

  @Test
  void theReportForgetsASessionThatDoesNotExistAnyMore() {
    VdiSession session = fixture.running("desk", "1h");
    fixture.now = END.minusSeconds(60);
    reaper.reconcile(key(session));
    assertThat(fixture.isReportEmpty()).isFalse();
    fixture.sessions.deleted("ns", "desk", session.uid());
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.isReportEmpty()).isTrue();
  }
}
