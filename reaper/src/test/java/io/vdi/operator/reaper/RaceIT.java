package io.vdi.operator.reaper;

import static io.vdi.operator.reaper.TestReaper.REAPER;
import static io.vdi.operator.reaper.TestReaper.WITHOUT_SWEEPS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import io.vdi.operator.devcluster.testing.WatchProxy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sessions that are extended at the moment of their expiry, outdated caches and wrong clocks: no
 * session is deleted too early.
 */
@ExtendWith(ClusterExtension.class)
class RaceIT {
  private static final int SESSIONS = 200;

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  RaceIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.withPatience(TestReaper.PATIENCE);
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestReaper.install(cluster);
    TestTemplates.apply(api, "plain", "");
  }

  @Test
  @DisplayName(
      "A session that was extended within 60 ms of its expiry is deleted or extended, not both")
  void keepsSessionExtendedAtItsExpiry() throws Exception {
    // All sessions expire within four seconds.
    Instant first = Instant.now().plusSeconds(12).truncatedTo(ChronoUnit.SECONDS);
    List<SessionFixture> sessions =
        IntStream.range(0, SESSIONS).mapToObj(i -> namespace.session("race-" + i)).toList();
    // Concurrently: none may have expired before the reaper starts.
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < SESSIONS; i++) {
        SessionFixture session = sessions.get(i);
        Instant start = expiry(first, i).minusSeconds(3600);
        threads.execute(() -> session.createRunning("template: plain, timeout: 1h", start));
      }
    }
    Random random = new Random(7);
    try (RunningService.InThisJvm reaper =
            REAPER.withConfigFile(WITHOUT_SWEEPS + "warningBefore: 3s\n").start(cluster);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<CompletableFuture<Boolean>> extensions = new ArrayList<>();
      for (int i = 0; i < SESSIONS; i++) {
        // One in ten comes far too late, so that the reaper wins some on a slow machine, too.
        Duration late = Duration.ofMillis(i % 10 == 0 ? 4000 : random.nextInt(120) - 60);
        extensions.add(extendAt(expiry(first, i).plus(late), sessions.get(i), threads));
      }
      List<Boolean> extended = new ArrayList<>();
      for (CompletableFuture<Boolean> extension : extensions) {
        extended.add(extension.get());
      }
      assertThat(extended).as("a race that each side wins at times").contains(true, false);
      await("the reaper to delete every session that was not extended")
          .atMost(TestReaper.PATIENCE)
          .until(() -> existing(sessions), extended::equals);

      // Another setting: the reaper checks every session again.
      reaper.configure(WITHOUT_SWEEPS + "warningBefore: 5m\n");
      SessionFixture later =
          namespace.session("later").createRunning("template: plain, timeout: 3s", Instant.now());
      later.awaitNotFound();
      assertThat(existing(sessions)).isEqualTo(extended);
    }
  }

  private static Instant expiry(Instant first, int i) {
    return first.plusSeconds(i / 50);
  }

  private static CompletableFuture<Boolean> extendAt(
      Instant time, SessionFixture session, ExecutorService threads) {
    long delay = Duration.between(Instant.now(), time).toMillis();
    return CompletableFuture.supplyAsync(
        () ->
            session
                .tryPatchSpec("timeout: 100h")
                .ok()
                .filter(extended -> !extended.metadata().isDeleting())
                .isPresent(),
        CompletableFuture.delayedExecutor(delay, TimeUnit.MILLISECONDS, threads));
  }

  private static List<Boolean> existing(List<SessionFixture> sessions) {
    return sessions.stream().map(SessionFixture::exists).toList();
  }

  @Test
  void outdatedCacheDeletesNoSession() {
    TestTemplates.apply(api, "stretched", "maxTimeout: 8s");
    try (WatchProxy proxy = new WatchProxy(REAPER.kubeconfig(cluster));
        RunningService reaper = REAPER.withConfigFile(WITHOUT_SWEEPS).start(proxy.kubeconfig())) {
      Instant start = Instant.now();
      SessionFixture extended =
          namespace.session("extended").createRunning("template: plain, timeout: 8s", start);
      SessionFixture extendedByTemplate =
          namespace
              .session("template-extended")
              .createRunning("template: stretched, timeout: 50h", start);
      SessionFixture suspended =
          namespace.session("suspended").createRunning("template: plain, timeout: 8s", start);
      SessionFixture unchanged =
          namespace.session("unchanged").createRunning("template: plain, timeout: 10s", start);
      extended.awaitEvent("SessionExpiring");
      extendedByTemplate.awaitEvent("SessionExpiring");
      suspended.awaitEvent("SessionExpiring");
      unchanged.awaitEvent("SessionExpiring");

      proxy.hold();
      extended.patchSpec("timeout: 50h");
      TestTemplates.apply(api, "stretched", "maxTimeout: 90h");
      suspended.suspend();
      // It expires last, so once it is deleted, the reaper has checked the others, too.
      unchanged.awaitNotFound();
      extended.expectExists();
      extendedByTemplate.expectExists();
      suspended.expectExists();

      proxy.release();
      extended.patchSpec("timeout: 9s");
      extended.awaitNotFound();
      assertThat(Report.of(reaper).count("overdue")).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {60, -60})
  void wrongClockDeletesNoSessionTooEarlyOrMuchTooLate(int secondsAhead) {
    SessionFixture session =
        namespace
            .session(secondsAhead > 0 ? "ahead" : "behind")
            .createRunning("template: plain, timeout: 6s", Instant.now());
    Instant expiry = session.get().status().startTime().plusSeconds(6);
    InstantSource wrong =
        InstantSource.offset(InstantSource.system(), Duration.ofSeconds(secondsAhead));
    try (RunningService reaper =
        REAPER.withConfigFile(WITHOUT_SWEEPS).withClock(wrong).start(cluster)) {
      session.awaitNotFound();
      assertThat(Duration.between(expiry, Instant.now()))
          .as("the time from the expiry to the deletion")
          .isGreaterThan(Duration.ofSeconds(-2))
          .isLessThan(Duration.ofSeconds(20));
      assertThat(Report.of(reaper).json().keySet()).contains("time");
    }
  }
}
