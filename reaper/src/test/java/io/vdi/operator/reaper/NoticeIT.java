package io.vdi.operator.reaper;

import static io.vdi.operator.reaper.TestReaper.REAPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import io.vdi.operator.reaper.notice.FakeReceiver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Notices to two receivers, one of which hangs, and from two reapers one after the other. */
@ExtendWith(ClusterExtension.class)
class NoticeIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(8);

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  @TempDir private Path folder;

  NoticeIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.withPatience(TestReaper.PATIENCE);
  }

  @BeforeEach
  void install() {
    TestReaper.install(cluster);
    TestTemplates.apply(api, "noticed", "timeout: " + TIMEOUT.toSeconds() + "s");
    TestTemplates.apply(
        api,
        "noticed-evening",
        "timeout: 99h, schedule: [{days: [Mon, Tue, Wed, Thu, Fri, Sat, Sun], stop: \"%tR\", timeZone: UTC}]"
            .formatted(LocalTime.now(ZoneOffset.UTC).minusMinutes(2)));
  }

  @Test
  @DisplayName(
      "a receiver that hangs delays no end, and no notice is sent again by the next reaper")
  void onceAndWithoutDelay() throws IOException {
    try (FakeReceiver webhook = new FakeReceiver();
        FakeReceiver chat = new FakeReceiver()) {
      chat.hang(true);
      Files.writeString(folder.resolve("url"), chat.url());
      try (RunningService first = start(webhook)) {
        Instant started = Instant.now();
        SessionFixture brief =
            namespace.session("brief").createRunning("template: noticed", started);
        SessionFixture evening =
            namespace
                .session("evening")
                .createRunning("template: noticed-evening", started.minus(Duration.ofHours(1)));
        brief.awaitNotFound();
        assertThat(Instant.now())
            .as("the end, 2 s late at most, and the time until the test observes it")
            .isBefore(started.plus(TIMEOUT).plusSeconds(4));
        evening.awaitUntil("suspended", session -> session.spec().suspended());
        assertThat(evening.get().metadata().annotation(Annotations.SUSPENDED_BY))
            .contains("schedule");
        assertThat(evening.get().metadata().annotation(Annotations.SUSPENDED_AT)).isPresent();
        awaitEvents(webhook, "Expired", "ExpiresSoon", "Suspended");
        await("the chat to be asked").until(() -> !chat.requests().isEmpty());
        assertThat(first.metric("vdi_notices_sent_total")).isPositive();
      }
      chat.hang(false);
      int hung = chat.requests().size();
      try (RunningService second = start(webhook)) {
        second.awaitReady();
        await("what the chat did not get")
            .atMost(TestReaper.PATIENCE)
            .until(() -> chat.requests().size(), count -> count >= hung + 2);
        // Its notice shows that the reaper has observed the other sessions too.
        namespace.session("later").createRunning("template: noticed", Instant.now());
        awaitEvents(webhook, "Expired", "Expired", "ExpiresSoon", "ExpiresSoon", "Suspended");
        assertThat(webhook.requests().stream().map(NoticeIT::id).toList()).doesNotHaveDuplicates();
      }
    }
  }

  private RunningService start(FakeReceiver webhook) {
    return REAPER
        .withConfigFile(
            TestReaper.WITHOUT_SWEEPS
                + """
                warningBefore: 4s
                notices:
                  timeout: 2s
                  webhook: {url: "%s"}
                  chat: {urlFile: "%s"}
                """
                    .formatted(webhook.url(), folder.resolve("url")))
        .start(cluster);
  }

  /** Waits until the receiver has exactly these events, in any order. */
  private void awaitEvents(FakeReceiver receiver, String... expected) {
    await("events " + List.of(expected))
        .atMost(TestReaper.PATIENCE)
        .untilAsserted(() ->
            assertThat(own(receiver).stream().map(NoticeIT::event).sorted().toList())
                .containsExactly(expected));
  }

  /** Sessions of other tests can have notices too. */
  private List<FakeReceiver.Request> own(FakeReceiver receiver) {
    return receiver.requests().stream()
        .filter(request ->
            request.json().get("subject").getAsString().startsWith(namespace.name() + "/"))
        .toList();
  }

  private static String event(FakeReceiver.Request request) {
    return request.json().get("type").getAsString().substring("io.vdi.notice.".length());
  }

  private static String id(FakeReceiver.Request request) {
    return request.json().get("id").getAsString();
  }
}
