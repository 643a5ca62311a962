package io.vdi.operator.reaper.notice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.notice.Notices;
import io.vdi.operator.common.testing.FakeApiServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A notifier with real sinks, on an API server in this process. */
class NotifierTest {
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
  private static final Duration WARNING = Duration.ofMinutes(10);
  private static final Notices.Observed NOTHING =
      new Notices.Observed(Optional.empty(), Optional.empty(), Optional.empty());

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private final FakeReceiver webhook = new FakeReceiver();
  private final FakeReceiver chat = new FakeReceiver();
  private final List<NoticeListener.Outcome> outcomes = new CopyOnWriteArrayList<>();
  private volatile Instant now = NOON;
  private volatile boolean leading = true;

  @TempDir private Path folder;

  @AfterEach
  void stop() {
    api.close();
    server.close();
    webhook.close();
    chat.close();
  }

  @Test
  @DisplayName(
      "each sink gets a notice once, also from the next leader; one that hangs delays no other")
  void once() throws Exception {
    chat.hang(true);
    Notifier first = started();
    await().until(() -> ledger().contains("since.webhook"));
    now = NOON.plusSeconds(60);
    VdiSession session = suspendedAt("2026-11-26T12:00:30Z");
    first.observe(session, NOTHING, WARNING);
    await().until(() -> webhook.requests().size() == 1);
    await().until(() -> chat.requests().size() == 1);
    first.observe(session, NOTHING, WARNING);
    await().until(() -> ledger().contains("webhook"));
    assertThat(first.pending("chat")).isEqualTo(1);
    first.close();
    chat.hang(false);
    Notifier second = started();
    second.observe(session, NOTHING, WARNING);
    await().until(() -> ledger().contains("chat,webhook"));
    second.observe(session, NOTHING, WARNING);
    // A later notice shows that the earlier ones were handled.
    second.observe(suspendedAt("2026-11-26T12:00:40Z"), NOTHING, WARNING);
    await().until(() -> chat.requests().size() == 3);
    await().until(() -> webhook.requests().size() == 2);
    second.close();
    assertThat(outcomes).containsOnly(NoticeListener.Outcome.DELIVERED).hasSize(4);
  }

  @Test
  @DisplayName("what happened before the installation is told to nobody")
  void past() throws Exception {
    Notifier notifier = started();
    notifier.observe(suspendedAt("2026-11-26T11:59:00Z"), NOTHING, WARNING);
    notifier.observe(suspendedAt("2026-11-26T12:00:00Z"), NOTHING, WARNING);
    await().until(() -> webhook.requests().size() == 1);
    notifier.close();
    assertThat(webhook.requests().getFirst().body()).contains("2026-11-26T12:00:00Z");
  }

  @Test
  @DisplayName(
      "the end of a session that is gone is told by the next leader, if this one could not")
  void kept() throws Exception {
    webhook.answer(500);
    Notifier first = started();
    first.deleted(ended());
    await().until(() -> ledger().contains("EXPIRED"));
    first.close();
    webhook.answer(204);
    int failed = webhook.requests().size();
    Notifier second = started();
    await().until(() -> webhook.requests().size() == failed + 1);
    assertThat(webhook.requests().getLast().json().get("type").getAsString())
        .isEqualTo("io.vdi.notice.Expired");
    await().until(() -> !ledger().contains("EXPIRED"));
    second.close();
  }

  @Test
  @DisplayName(
      "a notice that is refused, or is not delivered in time, is reported and not tried again")
  void givenUp() throws Exception {
    webhook.answer(400);
    Notifier notifier = started();
    notifier.observe(suspendedAt("2026-11-26T12:00:00Z"), NOTHING, WARNING);
    await().until(() -> outcomes.contains(NoticeListener.Outcome.REFUSED));
    webhook.answer(500);
    int before = webhook.requests().size();
    notifier.observe(suspendedAt("2026-11-26T12:00:01Z"), NOTHING, WARNING);
    await().until(() -> webhook.requests().size() > before);
    now = NOON.plusSeconds(3602);
    await().until(() -> outcomes.contains(NoticeListener.Outcome.GIVEN_UP));
    notifier.close();
  }

  @Test
  @DisplayName("while the API server refuses the ledger, nothing is sent and nothing is lost")
  void withoutLedger() throws Exception {
    server.reject(request -> request.path().contains("configmaps"), 403, "Forbidden", "no");
    Notifier notifier = started();
    notifier.observe(suspendedAt("2026-11-26T12:00:00Z"), NOTHING, WARNING);
    await()
        .until(() -> !server.requests(request -> request.path().contains("configmaps")).isEmpty());
    assertThat(webhook.requests()).isEmpty();
    server.respondNormally();
    await().until(() -> webhook.requests().size() == 1);
    notifier.close();
  }

  @Test
  @DisplayName("a replica that does not lead any more sends and writes nothing")
  void notLeader() throws Exception {
    Notifier notifier = started();
    await().until(() -> !ledger().isEmpty());
    String before = ledger();
    leading = false;
    notifier.observe(suspendedAt("2026-11-26T12:00:00Z"), NOTHING, WARNING);
    await().until(() -> notifier.pending("webhook") == 0);
    notifier.close();
    assertThat(webhook.requests()).isEmpty();
    assertThat(ledger()).isEqualTo(before);
  }

  private Notifier started() throws Exception {
    Path url = Files.writeString(folder.resolve("url"), chat.url());
    Notifier notifier =
        new Notifier(
            api,
            "vdi-system",
            new NoticeConfig(
                "/vdi",
                Duration.ofHours(1),
                Duration.ofSeconds(30),
                100,
                Optional.of(
                    new NoticeConfig.Webhook(
                        HttpUrl.get(webhook.url()), Optional.empty(), Optional.empty())),
                Optional.empty(),
                Optional.of(
                    new NoticeConfig.Chat(url, NoticeConfig.Format.SLACK, Optional.empty()))),
            () -> leading,
            (String sink, Notice notice, NoticeListener.Outcome outcome, String why) -> {
              if (!sink.equals("chat") || outcome == NoticeListener.Outcome.DELIVERED) {
                outcomes.add(outcome);
              }
            },
            () -> now);
    notifier.start();
    return notifier;
  }

  private String ledger() {
    return server
        .find(ResourceType.CONFIG_MAP, "vdi-system", Notifier.NAME)
        .map(map -> map.get("data").toString())
        .orElse("");
  }

  private static VdiSession suspendedAt(String at) {
    return session(
        "annotations: {'vdi.kasm.io/suspended-by': idle, 'vdi.kasm.io/suspended-at': '%s'}"
            .formatted(at),
        "suspended: true");
  }

  private static VdiSession ended() {
    return session("annotations: {'vdi.kasm.io/ended-by': timeout}", "suspended: false");
  }

  private static VdiSession session(String metadata, String spec) {
    return KubeGson.gson()
        .fromJson(
            "{metadata: {name: desk, namespace: team-a, uid: uid-1, %s}, spec: {user: 'alice@example.com', template: ubuntu, %s}}"
                .formatted(metadata, spec),
            VdiSession.class);
  }
}
