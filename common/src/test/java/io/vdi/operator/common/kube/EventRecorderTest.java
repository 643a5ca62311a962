package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.testing.CapturedLog;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.common.testing.FakeApiServer.Request;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EventRecorderTest {
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00.5Z");
  private static final VdiSession SESSION =
      KubeGson.gson()
          .fromJson("{metadata: {name: alice, namespace: team, uid: 'uid-1'}}", VdiSession.class);

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private final CapturedLog log = CapturedLog.of(EventRecorder.class);
  private final EventRecorder events =
      new EventRecorder(api, "vdi-controller", InstantSource.fixed(NOW), 10, (thread, error) -> {});

  @AfterEach
  void stop() {
    server.respondNormally();
    events.close();
    log.close();
    api.close();
    server.close();
  }

  @Test
  @DisplayName("an Event names the session, the component and the time")
  void content() {
    events.record(SESSION, false, "PodCreated", "created pod alice");
    await().until(() -> !server.requests().isEmpty());
    Request request = server.onlyRequest();
    assertThat(request).hasToString("POST /api/v1/namespaces/team/events");
    JsonObject event = request.json();
    String name = event.getAsJsonObject("metadata").remove("name").getAsString();
    assertThat(name).matches("alice\\.[0-9a-f]+");
    assertThat(event)
        .isEqualTo(
            JsonParser.parseString(
                """
                {apiVersion: v1, kind: Event, metadata: {namespace: team},
                 involvedObject: {apiVersion: 'vdi.kasm.io/v1alpha1', kind: VDISession,
                   namespace: team, name: alice, uid: 'uid-1'},
                 type: Normal, reason: PodCreated, message: 'created pod alice',
                 firstTimestamp: '2026-01-01T12:00:00Z', lastTimestamp: '2026-01-01T12:00:00Z',
                 count: 1, source: {component: vdi-controller},
                 reportingComponent: 'vdi.kasm.io/vdi-controller',
                 reportingInstance: vdi-controller}
                """));
  }

  @Test
  @DisplayName("Events are written in the order of their record, each with its own name")
  void order() {
    for (int i = 0; i < 10; i++) {
      events.record(SESSION, i % 2 == 1, "Reason" + i, "message");
    }
    events.close();
    assertThat(reasons()).containsExactlyElementsOf(numbered(0, 10));
    assertThat(server.requests())
        .extracting(request -> request.json().get("type").getAsString())
        .startsWith("Normal", "Warning", "Normal");
    assertThat(server.requests())
        .extracting(request -> request.json().getAsJsonObject("metadata").get("name").getAsString())
        .doesNotHaveDuplicates();
  }

  @Test
  @DisplayName("a message longer than the API allows is cut")
  void longMessage() {
    events.record(SESSION, true, "Long", "x".repeat(2000));
    events.close();
    assertThat(server.onlyRequest().json().get("message").getAsString())
        .isEqualTo("x".repeat(1024));
  }

  @Test
  @DisplayName("record never waits: when the queue is full, Events are dropped")
  void overflow() throws InterruptedException {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch arrived = server.block(request -> true, release);
    events.record(SESSION, false, "Reason0", "in progress");
    arrived.await();
    for (int i = 1; i < 20; i++) {
      events.record(SESSION, false, "Reason" + i, "message");
    }
    release.countDown();
    events.close();
    assertThat(reasons())
        .as("one in progress, ten in the queue")
        .containsExactlyElementsOf(numbered(0, 11));
  }

  @Test
  @DisplayName("close writes what is in the queue, also when the queue is full")
  void closeWrites() throws InterruptedException {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch arrived = server.block(request -> true, release);
    for (int i = 0; i < 11; i++) {
      events.record(SESSION, false, "Reason" + i, "message");
      if (i == 0) {
        arrived.await();
      }
    }
    Thread closer = Thread.ofVirtual().start(events::close);
    release.countDown();
    closer.join();
    assertThat(reasons()).containsExactlyElementsOf(numbered(0, 11));
    assertThat(log.messages(Level.WARN)).isEmpty();
  }

  @Test
  @DisplayName("close gives up after two seconds and logs how many Events are dropped")
  void closeTimesOut() throws InterruptedException {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch arrived = server.block(request -> true, release);
    events.record(SESSION, false, "Reason0", "in progress");
    arrived.await();
    events.record(SESSION, false, "Reason1", "in the queue");
    events.record(SESSION, false, "Reason2", "in the queue");
    events.close();
    release.countDown();
    // The second call waits for the writer, which the first one interrupted.
    events.close();
    assertThat(log.messages(Level.WARN))
        .as("the interrupted request is counted, not reported as an error")
        .containsExactly("3 events dropped: the API server is too slow");
    assertThat(reasons()).containsExactly("Reason0");
  }

  @Test
  @DisplayName("nothing is written after close")
  void recordAfterClose() {
    events.close();
    events.record(SESSION, false, "Late", "message");
    assertThat(server.requests()).isEmpty();
  }

  @Test
  @DisplayName("an error is logged once while it stays the same; a deleted namespace never")
  void errors() {
    server.reject(r -> reason(r).equals("A"), 403, "Forbidden", "events is forbidden");
    server.reject(r -> reason(r).equals("B"), 404, "NotFound", "namespaces \"team\" not found");
    server.reject(r -> reason(r).equals("C"), 500, "InternalError", "etcd is full");
    for (String reason : List.of("A", "A", "B", "A", "C", "C", "A")) {
      events.record(SESSION, false, reason, "message");
    }
    events.close();
    assertThat(reasons()).containsExactly("A", "A", "B", "A", "C", "C", "A");
    assertThat(log.messages(Level.WARN))
        .containsExactly(
            "cannot write an event: events is forbidden",
            "cannot write an event: etcd is full",
            "cannot write an event: events is forbidden");
  }

  @Test
  @DisplayName("warnOnce writes one warning per id and returns why it could not")
  void warnOnce() {
    Instant second = NOW.truncatedTo(ChronoUnit.SECONDS);
    assertThat(events.warnOnce(SESSION, "ab12", "SessionStuck", "text"))
        .isEqualTo(new ApiResult.Ok<>(second));
    assertThat(events.warnOnce(SESSION, "cd34", "SessionStuck", "text"))
        .isEqualTo(new ApiResult.Ok<>(second));
    assertThat(server.requests())
        .extracting(r -> r.json().getAsJsonObject("metadata").get("name").getAsString())
        .containsExactly("alice.ab12", "alice.cd34");
    assertThat(server.requests().getFirst().json().get("type").getAsString()).isEqualTo("Warning");
    server.reject(request -> true, 403, "Forbidden", "not allowed");
    assertThat(events.warnOnce(SESSION, "ef56", "SessionStuck", "text").failure())
        .contains(new ApiFailure.Permanent("Forbidden", "not allowed"));
  }

  @Test
  @DisplayName("warnOnce returns the creation time of a warning that exists, but no later time")
  void warnOnceExisting() {
    existing("ab12", "2026-01-01T11:50:00Z");
    assertThat(events.warnOnce(SESSION, "ab12", "SessionExpiring", "text"))
        .isEqualTo(new ApiResult.Ok<>(Instant.parse("2026-01-01T11:50:00Z")));
    existing("cd34", "2026-01-01T12:50:00Z");
    assertThat(events.warnOnce(SESSION, "cd34", "SessionExpiring", "text"))
        .isEqualTo(new ApiResult.Ok<>(NOW.truncatedTo(ChronoUnit.SECONDS)));
    server.disconnect(request -> request.method().equals("GET"));
    assertThat(events.warnOnce(SESSION, "ab12", "SessionExpiring", "text").failure())
        .containsInstanceOf(ApiFailure.Transient.class);
  }

  private void existing(String id, String created) {
    server.put(
        ResourceType.EVENT,
        "{metadata: {name: 'alice.%s', namespace: team, creationTimestamp: '%s'}}"
            .formatted(id, created));
  }

  private List<String> reasons() {
    return server.requests().stream().map(EventRecorderTest::reason).toList();
  }

  private static String reason(Request request) {
    return request.json().get("reason").getAsString();
  }

  private static List<String> numbered(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "Reason" + i).toList();
  }
}
