package io.vdi.operator.reaper.execution;

import static io.vdi.operator.reaper.execution.ExecutionFixture.NOON;
import static io.vdi.operator.reaper.execution.ExecutionFixture.path;
import static io.vdi.operator.reaper.execution.ExecutionFixture.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.policy.ReapReason;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OrphanReaperTest {
  private static final ReconcileResult DONE = new ReconcileResult.Done();
  private static final ReconcileResult IMMEDIATELY =
      new ReconcileResult.RequeueAfter(Duration.ZERO);
  private static final ReconcileResult IN_GRACE =
      new ReconcileResult.RequeueAfter(Duration.ofMinutes(10));
  private static final Optional<String> GONE = Optional.of("uid-gone");
  private static final Instant AFTER_GRACE = NOON.plus(Duration.ofMinutes(10));
  private static final String RELEASED_AT_NOON =
      ", \"vdi.kasm.io/released-at\": \"2026-03-01T12:00:00Z\"";
  private static final Instant AFTER_RETENTION = NOON.plus(Duration.ofDays(30));

  private final ExecutionFixture fixture = new ExecutionFixture();
  private final OrphanReaper reaper =
      new OrphanReaper(
          fixture.api,
          fixture.deleter(),
          fixture::retention,
          fixture::deletion,
          fixture.report,
          fixture.listener,
          fixture::now);

  @AfterEach
  void close() {
    fixture.close();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "HOME")
  void anOrphanIsDeletedAfterTheGracePeriod(ChildKind kind) {
    ObjectKey orphan = fixture.child(kind, GONE, "");
    assertThat(reaper.reconcile(orphan))
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofMinutes(10)));
    assertThat(fixture.exists(orphan)).isTrue();
    assertThat(fixture.report.orphans(orphan.type().kind())).isEqualTo(1);
    fixture.now = AFTER_GRACE;
    assertThat(reaper.reconcile(orphan)).isEqualTo(DONE);
    assertThat(fixture.exists(orphan)).isFalse();
    assertThat(fixture.reaped).containsExactly(ReapReason.ORPHAN);
    assertThat(fixture.dueTimes).containsExactly(AFTER_GRACE);
    assertThat(fixture.isReportEmpty()).isTrue();
  }

  @Test
  void aChildOfAnExistingSessionIsIgnored() {
    fixture.running("desk", "8h");
    ObjectKey child = fixture.child(ChildKind.POD, Optional.of("uid-desk"), "");
    reaper.reconcile(child);
    fixture.now = AFTER_GRACE;
    assertThat(reaper.reconcile(child)).isEqualTo(DONE);
    assertThat(fixture.exists(child)).isTrue();
  }

  @Test
  void aChildThatHasLostItsOwnerIsLeftToItsSessionUntilThatIsDeleted() {
    VdiSession session = fixture.running("desk", "8h");
    ObjectKey child = fixture.child(ChildKind.POD, Optional.empty(), "");
    reaper.reconcile(child);
    fixture.now = AFTER_GRACE;
    assertThat(reaper.reconcile(child)).isEqualTo(DONE);
    assertThat(fixture.isReportEmpty()).isTrue();
    fixture.server.remove(ResourceType.SESSION, "ns", session.name());
    assertThat(reaper.reconcile(child)).as("the grace period starts now").isEqualTo(IN_GRACE);
    fixture.now = AFTER_GRACE.plus(Duration.ofMinutes(10));
    assertThat(reaper.reconcile(child)).isEqualTo(DONE);
    assertThat(fixture.exists(child)).isFalse();
  }

  @Test
  void aHomeWhoseOwnerDoesNotExistIsNoOrphan() {
    ObjectKey home = fixture.child(ChildKind.HOME, GONE, "");
    reaper.reconcile(home);
    fixture.now = AFTER_GRACE;
    reaper.reconcile(home);
    assertThat(fixture.exists(home)).isTrue();
    assertThat(releasedAt(home)).contains("2026-03-01T12:00:00Z");
  }

  @Test
  void anObjectThatTheOperatorDidNotCreateIsIgnored() {
    ObjectKey child = fixture.child(ChildKind.SERVICE, Optional.empty(), "");
    fixture.change(
        child.type(),
        "desk",
        "{\"metadata\": {\"labels\": {\"app.kubernetes.io/name\": \"other\"}}}");
    reaper.reconcile(child);
    fixture.now = AFTER_GRACE;
    assertThat(reaper.reconcile(child)).isEqualTo(DONE);
    assertThat(fixture.exists(child)).isTrue();
  }

  @Test
  void aSessionThatIsCreatedDuringTheGracePeriodSavesItsChild() {
    ObjectKey child = fixture.child(ChildKind.POD, Optional.of("uid-desk"), "");
    reaper.reconcile(child);
    fixture.running("desk", "8h");
    fixture.now = AFTER_GRACE;
    assertThat(reaper.reconcile(child)).isEqualTo(DONE);
    assertThat(fixture.exists(child)).isTrue();
    assertThat(fixture.isReportEmpty()).isTrue();
  }

  @Test
  void aRecreatedObjectHasItsOwnGracePeriod() {
    ObjectKey child = fixture.child(ChildKind.POD, GONE, "");
    reaper.reconcile(child);
    fixture.change(child.type(), "desk", "{\"metadata\": {\"uid\": \"uid-new\"}}");
    fixture.now = AFTER_GRACE;
    assertThat(reaper.reconcile(child))
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofMinutes(10)));
    assertThat(fixture.exists(child)).isTrue();
  }

  @Test
  void anObjectThatChangesBeforeTheDeletionIsDecidedOnAgain() {
    ObjectKey child = due(ChildKind.POD);
    fixture.server.before(
        request("DELETE", path(child)),
        () ->
            fixture.change(
                child.type(),
                "desk",
                "{\"metadata\": {\"annotations\": {\"vdi.kasm.io/keep\": \"true\"}}}"));
    assertThat(reaper.reconcile(child)).isEqualTo(IMMEDIATELY);
    assertThat(reaper.reconcile(child)).isEqualTo(DONE);
    assertThat(fixture.exists(child)).isTrue();
    assertThat(fixture.reaped).isEmpty();
  }

  @Test
  void anObjectThatDoesNotExistAnyMoreIsForgotten() {
    ObjectKey child = due(ChildKind.POD);
    assertThat(fixture.isReportEmpty()).isFalse();
    fixture.server.remove(child.type(), "ns", "desk");
    assertThat(reaper.reconcile(child)).isEqualTo(DONE);
    assertThat(fixture.isReportEmpty()).isTrue();
  }

  @Test
  void anObjectThatAnotherClientDeletesIsForgotten() {
    ObjectKey child = due(ChildKind.POD);
    fixture.server.before(
        request("DELETE", path(child)), () -> fixture.server.remove(child.type(), "ns", "desk"));
    assertThat(reaper.reconcile(child)).isEqualTo(DONE);
    assertThat(fixture.isReportEmpty()).isTrue();
    assertThat(fixture.reaped).isEmpty();
  }

  @Test
  void withoutAnAnswerNothingIsDeletedAndTheGracePeriodContinues() {
    ObjectKey child = fixture.child(ChildKind.POD, GONE, "");
    reaper.reconcile(child);
    fixture.server.disconnect(request("GET", path(child)));
    assertThat(reaper.reconcile(child)).isInstanceOf(ReconcileResult.Retry.class);
    fixture.server.respondNormally();
    fixture.now = AFTER_GRACE;
    fixture.server.disconnect(request("GET", ResourceType.SESSION.path("ns", "desk")));
    assertThat(reaper.reconcile(child)).isInstanceOf(ReconcileResult.Retry.class);
    assertThat(fixture.exists(child)).isTrue();
    fixture.server.respondNormally();
    assertThat(reaper.reconcile(child)).isEqualTo(DONE);
    assertThat(fixture.exists(child)).isFalse();
  }

  @Test
  void aDeletionThatFailsIsRetried() {
    ObjectKey child = due(ChildKind.POD);
    fixture.refuse("DELETE", path(child), 500);
    assertThat(reaper.reconcile(child)).isEqualTo(new ReconcileResult.Retry("refused by the test"));
  }

  @Test
  void theRateLimitAppliesToOrphans() {
    fixture.maxPerMinute = 1;
    ObjectKey pod = due(ChildKind.POD);
    ObjectKey service = due(ChildKind.SERVICE);
    fixture.now = fixture.now.plus(Duration.ofMinutes(10));
    reaper.reconcile(pod);
    assertThat(reaper.reconcile(service)).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(fixture.exists(service)).isTrue();
  }

  @Test
  void aReplicaThatIsNotTheLeaderSendsNoRequests() {
    ObjectKey child = fixture.child(ChildKind.POD, GONE, "");
    fixture.leader = false;
    assertThat(reaper.reconcile(child)).isEqualTo(DONE);
    assertThat(fixture.requests("GET")).isEmpty();
  }

  @Test
  void aDryRunReportsAndCountsAnOrphanOnceAndDeletesNothing() {
    fixture.dryRun = true;
    ObjectKey child = due(ChildKind.POD);
    reaper.reconcile(child);
    reaper.reconcile(child);
    assertThat(fixture.exists(child)).isTrue();
    assertThat(fixture.dryRuns).containsExactly(ReapReason.ORPHAN);
    assertThat(fixture.onlyEntry().get("message").getAsString())
        .isEqualTo("its session desk (uid-gone) is gone");
  }

  @Test
  void aHomeIsMarkedWhenNoSessionUsesItAndDeletedAfterItsRetention() {
    ObjectKey home = fixture.child(ChildKind.HOME, Optional.empty(), "");
    assertThat(reaper.reconcile(home)).isEqualTo(IMMEDIATELY);
    assertThat(releasedAt(home)).contains("2026-03-01T12:00:00Z");
    assertThat(reaper.reconcile(home))
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofDays(30)));
    assertThat(fixture.report.homes()).isEqualTo(1);
    fixture.now = AFTER_RETENTION;
    assertThat(reaper.reconcile(home)).isEqualTo(DONE);
    assertThat(fixture.exists(home)).isFalse();
    assertThat(fixture.reaped).containsExactly(ReapReason.HOME_RETENTION);
  }

  @Test
  void aHomeThatASessionUsesAgainLosesItsMark() {
    ObjectKey home = fixture.child(ChildKind.HOME, Optional.empty(), RELEASED_AT_NOON);
    fixture.running("desk", "8h");
    fixture.now = AFTER_RETENTION;
    assertThat(reaper.reconcile(home)).isEqualTo(IMMEDIATELY);
    assertThat(releasedAt(home)).isEmpty();
    assertThat(reaper.reconcile(home)).isEqualTo(DONE);
    assertThat(fixture.exists(home)).isTrue();
    assertThat(fixture.isReportEmpty()).isTrue();
  }

  @Test
  void aHomeThatASessionAdoptsWhileItIsMarkedIsDecidedOnAgain() {
    ObjectKey home = fixture.child(ChildKind.HOME, Optional.empty(), "");
    fixture.server.before(
        request("PATCH", path(home)),
        () ->
            fixture.change(
                home.type(),
                home.name(),
                "{\"metadata\": {\"annotations\": {\"vdi.kasm.io/session-uid\": \"new\"}}}"));
    assertThat(reaper.reconcile(home)).isEqualTo(IMMEDIATELY);
    assertThat(releasedAt(home)).isEmpty();
  }

  @Test
  void aDryRunDoesNotMarkAHome() {
    fixture.dryRun = true;
    ObjectKey home = fixture.child(ChildKind.HOME, Optional.empty(), "");
    assertThat(reaper.reconcile(home)).isEqualTo(DONE);
    assertThat(releasedAt(home)).isEmpty();
    assertThat(fixture.onlyEntry().get("state").getAsString()).isEqualTo("home");
  }

  @Test
  void aHomeThatIsNeverDeletedIsReported() {
    fixture.homeRetention = Duration.ZERO;
    ObjectKey home = fixture.child(ChildKind.HOME, Optional.empty(), RELEASED_AT_NOON);
    fixture.now = AFTER_RETENTION;
    assertThat(reaper.reconcile(home)).isEqualTo(DONE);
    assertThat(fixture.exists(home)).isTrue();
    assertThat(fixture.onlyEntry().get("message").getAsString()).isEqualTo("kept for ever");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Running", "Pending", ""})
  void aClaimThatAPodMountsIsNotDeleted(String phase) {
    ObjectKey home = fixture.child(ChildKind.HOME, Optional.empty(), RELEASED_AT_NOON);
    pod(phase);
    fixture.now = AFTER_RETENTION;
    assertThat(reaper.reconcile(home))
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofMinutes(1)));
    assertThat(fixture.exists(home)).isTrue();
    assertThat(fixture.onlyEntry().get("message").getAsString()).isEqualTo("pod user uses it");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Succeeded", "Failed"})
  void aPodThatHasEndedDoesNotHoldAClaim(String phase) {
    ObjectKey home = fixture.child(ChildKind.HOME, Optional.empty(), RELEASED_AT_NOON);
    pod(phase);
    fixture.now = AFTER_RETENTION;
    assertThat(reaper.reconcile(home)).isEqualTo(DONE);
    assertThat(fixture.exists(home)).isFalse();
  }

  @Test
  void withoutTheListOfPodsNoClaimIsDeleted() {
    ObjectKey home = fixture.child(ChildKind.HOME, Optional.empty(), RELEASED_AT_NOON);
    fixture.refuse("GET", ResourceType.POD.path("ns"), 403);
    fixture.now = AFTER_RETENTION;
    assertThat(reaper.reconcile(home)).isInstanceOf(ReconcileResult.Retry.class);
    assertThat(fixture.exists(home)).isTrue();
  }

  private void pod(String phase) {
    fixture.add(
        ResourceType.POD,
        """
        {"metadata": {"name": "user", "namespace": "ns"},
         "spec": {"volumes": [{"name": "tmp", "emptyDir": {}},
           {"name": "home", "persistentVolumeClaim": {"claimName": "vdi-data-desk"}}]},
         "status": {%s}}
        """
            .formatted(phase.isEmpty() ? "" : "\"phase\": \"" + phase + "\""));
  }

  /** An orphan whose grace period is over. */
  private ObjectKey due(ChildKind kind) {
    ObjectKey key = fixture.child(kind, GONE, "");
    reaper.reconcile(key);
    fixture.now = fixture.now.plus(Duration.ofMinutes(10));
    return key;
  }

  private Optional<String> releasedAt(ObjectKey home) {
    return fixture.metadata(home).annotation(Annotations.RELEASED_AT);
  }
}
