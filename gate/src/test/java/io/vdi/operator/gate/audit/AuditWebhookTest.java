package io.vdi.operator.gate.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import io.vdi.operator.common.model.SessionKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditWebhookTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00.123456Z");
  private static final AuditEvent OPENED =
      new AuditEvent.Opened(
          new AuditEvent.Actor("alice@example.com", "192.0.2.7", "s1"),
          AuditEvent.Target.session(new SessionKey("desks", "alice"), "uid-1", "base"),
          "OWNER");

  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<Integer> answers = new CopyOnWriteArrayList<>();
  private final CountDownLatch free = new CountDownLatch(1);
  private final AtomicInteger dropped = new AtomicInteger();
  private volatile boolean blocked;
  private HttpServer receiver;

  @TempDir private Path folder;

  @BeforeEach
  void start() throws IOException {
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    receiver.createContext(
        "/",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          requests.add(
              exchange.getRequestHeaders().getFirst("Content-Type")
                  + "\n"
                  + exchange.getRequestHeaders().getFirst("Authorization")
                  + "\n"
                  + body);
          if (blocked) {
            awaitFree();
          }
          exchange.sendResponseHeaders(answers.isEmpty() ? 204 : answers.removeFirst(), -1);
          exchange.close();
        });
    receiver.start();
  }

  private void awaitFree() {
    try {
      free.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @AfterEach
  void stop() {
    free.countDown();
    receiver.stop(0);
  }

  @Test
  @DisplayName("an event is a CloudEvent in the structured format")
  void cloudEvent() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), "secret\n");
    try (AuditWebhook webhook = webhook(10, Optional.of(token))) {
      new AuditLog(() -> NOW, Optional.of(webhook)).record(OPENED);
      await().until(() -> requests.size() == 1);
      String[] parts = requests.getFirst().split("\n", 3);
      assertThat(parts[0]).isEqualTo("application/cloudevents+json; charset=utf-8");
      assertThat(parts[1]).isEqualTo("Bearer secret");
      JsonObject event = JsonParser.parseString(parts[2]).getAsJsonObject();
      assertThat(event.get("specversion").getAsString()).isEqualTo("1.0");
      assertThat(event.get("id").getAsString()).isNotEmpty();
      assertThat(event.get("source").getAsString()).isEqualTo("https://portal.example.com");
      assertThat(event.get("type").getAsString()).isEqualTo("io.vdi.gate.Opened");
      assertThat(event.get("time").getAsString()).isEqualTo("2026-01-01T00:00:00.123Z");
      assertThat(event.get("subject").getAsString()).isEqualTo("desks/alice");
      assertThat(event.getAsJsonObject("data").get("user").getAsString())
          .isEqualTo("alice@example.com");
    }
    assertThat(dropped).hasValue(0);
  }

  @Test
  @DisplayName("a failed request is repeated with the same id; a refused one is not")
  void retry() {
    answers.addAll(List.of(500, 503, 400));
    try (AuditWebhook webhook = webhook(10, Optional.empty())) {
      AuditLog log = new AuditLog(() -> NOW, Optional.of(webhook));
      log.record(OPENED);
      await().until(() -> requests.size() == 3);
      assertThat(requests).allMatch(request -> request.equals(requests.getFirst()));
      await().until(() -> dropped.get() == 1);
      log.record(OPENED);
      await().until(() -> requests.size() == 4);
    }
    assertThat(dropped).hasValue(1);
  }

  @Test
  @DisplayName("while the receiver hangs, nobody waits; what does not fit is dropped and counted")
  void full() {
    blocked = true;
    AuditWebhook webhook = webhook(2, Optional.empty());
    AuditLog log = new AuditLog(() -> NOW, Optional.of(webhook));
    log.record(OPENED);
    await().until(() -> requests.size() == 1);
    // The receiver answers after this loop: a call that waits for it would never return.
    for (int i = 0; i < 100; i++) {
      log.record(OPENED);
    }
    assertThat(dropped).hasValue(98);
    free.countDown();
    await().until(() -> requests.size() == 3);
    webhook.close();
  }

  private AuditWebhook webhook(int queue, Optional<Path> token) {
    return new AuditWebhook(
        new AuditWebhook.Settings(
            HttpUrl.get("http://127.0.0.1:" + receiver.getAddress().getPort() + "/events"),
            token,
            Duration.ofSeconds(2),
            queue),
        "https://portal.example.com",
        () -> NOW,
        dropped::incrementAndGet);
  }
}
