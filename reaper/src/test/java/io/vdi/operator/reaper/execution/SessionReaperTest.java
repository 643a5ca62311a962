package io.vdi.operator.reaper.execution;

import static io.vdi.operator.reaper.execution.ExecutionFixture.NOON;
import static io.vdi.operator.reaper.execution.ExecutionFixture.key;
import static io.vdi.operator.reaper.execution.ExecutionFixture.path;
import static io.vdi.operator.reaper.execution.ExecutionFixture.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.policy.ReapReason;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SessionReaperTest {
  private static final ReconcileResult DONE = new ReconcileResult.Done();
  private static final ReconcileResult IMMEDIATELY =
      new ReconcileResult.RequeueAfter(Duration.ZERO);
  private static final Instant END = NOON.plus(Duration.ofHours(1));

  private final ExecutionFixture fixture = new ExecutionFixture();
  private final SessionReaper reaper =
      new SessionReaper(
          fixture.sessions,
          fixture.evaluator(),
          fixture.guard,
          fixture.deleter(),
          fixture::deletion,
          fixture.events,
          fixture.report,
          fixture.listener);

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
    VdiSession session = fixture.running("desk", "1h");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.exists(session)).isFalse();
    assertThat(fixture.reaped).containsExactly(ReapReason.TIMEOUT);
    assertThat(fixture.dueTimes).containsExactly(END);
    assertThat(fixture.sessions.get("ns", "desk")).as("in the cache").isEmpty();
    await().until(() -> fixture.eventReasons().contains("SessionExpired"));
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
    VdiSession session = fixture.running("desk", "1h");
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
    VdiSession session = fixture.running("desk", "9h");
    fixture.change(ResourceType.TEMPLATE, "ubuntu", "{\"spec\": {\"maxTimeout\": \"5h\"}}");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(fixture.exists(session)).isTrue();
  }

  @Test
  void anExtensionJustBeforeTheDeletionWins() {
    VdiSession session = fixture.running("desk", "1h");
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
    VdiSession session = fixture.running("desk", "1h");
    fixture.server.remove(ResourceType.SESSION, "ns", "desk");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.requests("DELETE")).isEmpty();
  }

  @Test
  void aSessionThatIsDeletedByAnotherClientIsDone() {
    VdiSession session = fixture.running("desk", "1h");
    fixture.server.before(
        request("DELETE", path(session)),
        () -> fixture.server.remove(ResourceType.SESSION, "ns", "desk"));
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.reaped).isEmpty();
  }

  @Test
  void aRecreatedSessionOfTheSameNameIsNotDeleted() {
    VdiSession session = fixture.running("desk", "1h");
    fixture.change(ResourceType.SESSION, "desk", "{\"metadata\": {\"uid\": \"new\"}}");
    fixture.now = END;
    assertThat(reaper.reconcile(key(session))).isEqualTo(DONE);
    assertThat(fixture.requests("DELETE")).isEmpty();
  }

  @Test
  void withoutAnAnswerAboutTheSessionNothingIsDeleted() {
    VdiSession session = fixture.running("desk", "1h");
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
    VdiSession session = fixture.running("desk", "1h");
    fixture.refuse("GET", ResourceType.TEMPLATE.path("", "ubuntu"), 500);
    fixture.now = END;
    assertThat(reaper.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.Retry("refused by the test"));
    assertThat(fixture.exists(session)).isTrue();
  }

  @Test
  void aDeletionThatFailsIsRetried() {
    VdiSession session = fixture.running("desk", "1h");
    fixture.refuse("DELETE", path(session), 503);
    fixture.now = END;
    assertThat(reaper.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.Retry("refused by the test"));
    assertThat(fixture.reaped).isEmpty();
  }

  @Test
  void aSessionWithAFinalizerStaysInTheCacheAsDeleted() {
    VdiSession session = fixture.running("desk", "1h");
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
    VdiSession first = fixture.running("first", "1h");
    VdiSession second = fixture.running("second", "1h");
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
    VdiSession session = fixture.running("desk", "1h");
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
    fixture.now = END.minusSeconds(60);
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
    fixture.now = END.minusSeconds(60);
    reaper.reconcile(key(session));
    assertThat(reaper.reconcile(key(session)))
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofSeconds(60)));
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
    VdiSession session = fixture.running("desk", "1h");
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
    fixture.now = NOON.plus(Duration.ofHours(24)).minusSeconds(1);
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
