package io.vdi.operator.reaper.execution;

import static io.vdi.operator.reaper.execution.ExecutionFixture.NOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.execution.SessionEvaluator.Evaluation;
import io.vdi.operator.reaper.policy.SessionVerdict;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SessionEvaluatorTest {
  private final ExecutionFixture fixture = new ExecutionFixture();
  private final SessionEvaluator evaluator = fixture.evaluator();

  @BeforeEach
  void template() {
    fixture.template();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void theSnapshotContainsTheExpiredOfAllSessionsThatAreNotBeingDeleted() {
    fixture.running("short", "1h");
    fixture.running("long", "9h");
    fixture.add(
        ResourceType.SESSION,
        """
        {"metadata": {"name": "deleted", "namespace": "ns", "finalizers": ["x"],
           "deletionTimestamp": "2026-03-01T12:00:00Z"},
         "spec": {"user": "alice@example.com", "template": "ubuntu", "timeout": "1h"},
         "status": {"phase": "Running", "startTime": "2026-03-01T12:00:00Z"}}
        """);
    Thread.ofVirtual().start(fixture.sessions::start);
    await().until(fixture.sessions::isSynced);
    fixture.now = NOON.plus(Duration.ofHours(2));
    ExpirySnapshot snapshot = evaluator.expirySnapshot();
    assertThat(snapshot.expired()).containsExactly("uid-short");
    assertThat(snapshot.all()).containsExactlyInAnyOrder("uid-short", "uid-long");
  }

  @Test
  void theCachesAndTheApiServerAreNotMixed() {
    VdiSession session = fixture.running("desk", "1h");
    fixture.change(ResourceType.SESSION, "desk", "{\"spec\": {\"timeout\": \"9h\"}}");
    fixture.now = NOON.plus(Duration.ofHours(1));
    assertThat(evaluator.cached(session).verdict()).isInstanceOf(SessionVerdict.Warn.class);
    Evaluation live = evaluator.live(session, false).orElseThrow();
    assertThat(live.verdict()).isInstanceOf(SessionVerdict.Keep.class);
    assertThat(live.session().spec().timeout()).isEqualTo("9h");
    assertThat(live.time()).isEqualTo(fixture.now);
  }

  @Test
  void thePodIsReadOnlyOnRequest() {
    VdiSession session = fixture.running("desk", "1h");
    evaluator.live(session, false).orElseThrow();
    assertThat(fixture.requests("GET")).noneMatch(request -> request.contains("/pods/"));
    evaluator.live(session, true).orElseThrow();
    assertThat(fixture.requests("GET")).contains("GET /api/v1/namespaces/ns/pods/desk");
  }

  @Test
  void anUnreadablePodIsAFailureAndAMissingOneIsNot() {
    VdiSession session = fixture.running("desk", "1h");
    assertThat(evaluator.live(session, true)).isInstanceOf(ApiResult.Ok.class);
    fixture.refuse("GET", "/api/v1/namespaces/ns/pods/desk", 403);
    assertThat(evaluator.live(session, true)).isInstanceOf(ApiResult.Rejected.class);
  }

  @Test
  void aSessionThatIsNotFailedAnyMoreStartsAgainWhenItFails() {
    VdiSession failed =
        fixture.add(
            ResourceType.SESSION,
            """
            {"metadata": {"name": "desk", "namespace": "ns"},
             "spec": {"user": "alice@example.com", "template": "ubuntu"},
             "status": {"phase": "Failed"}}
            """);
    evaluator.observe(failed);
    fixture.now = NOON.plus(Duration.ofHours(24));
    assertThat(evaluator.cached(failed).verdict()).isInstanceOf(SessionVerdict.Warn.class);
    fixture.change(ResourceType.SESSION, "desk", "{\"status\": {\"phase\": \"Pending\"}}");
    evaluator.observe(fixture.api.get(ResourceType.SESSION, "ns", "desk").orElseThrow());
    evaluator.observe(failed);
    assertThat(evaluator.cached(failed).verdict()).isInstanceOf(SessionVerdict.Keep.class);
  }
}
