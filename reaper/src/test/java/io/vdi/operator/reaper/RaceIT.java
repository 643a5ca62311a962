package io.vdi.operator.reaper;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Extensions in the second of the end, old caches, wrong clocks: nobody goes who should not. */
@ExtendWith(ClusterExtension.class)
class RaceIT {
  private static final int EXTENSIONS = 200;

  private final Cluster cluster;
  private final ReaperFixture scene;

  RaceIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.scene = new ReaperFixture(api, namespace.name());
  }

  @BeforeAll
  static void install(Cluster cluster) {
    RunningReaper.install(cluster);
  }

  @Test
  void whoWasExtendedInTheSecondOfItsEndStays() throws Exception {
    scene.template("plain", "displayName: Plain");
    // All ends in the same few seconds, most extensions within 60 ms of their sessions' ends.
    Instant first = ReaperFixture.seconds(Instant.now().plusSeconds(12));
    for (int i = 0; i < EXTENSIONS; i++) {
      scene.running("race-" + i, "template: plain, timeout: 1h", end(first, i).minusSeconds(3600));
    }
    List<Future<Boolean>> extensions = new ArrayList<>();
    Random random = new Random(7);
    try (RunningReaper reaper = RunningReaper.start(cluster, RunningReaper.QUIET);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < EXTENSIONS; i++) {
        String name = "race-" + i;
        // One in ten far too late: on a machine so busy that all others come in time, one side
        // loses.
        Instant at = end(first, i).plusMillis(i % 10 == 0 ? 4000 : random.nextInt(120) - 60);
        extensions.add(
            threads.submit(() -> {
              while (Instant.now().isBefore(at)) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
              }
              return scene
                  .extend(name, "100h")
                  .ok()
                  .filter(session -> !session.metadata().isDeleting())
                  .isPresent();
            }));
      }
      int extended = 0;
      for (Future<Boolean> extension : extensions) {
        extended += extension.get() ? 1 : 0;
      }
      assertTrue(
          extended > 0 && extended < EXTENSIONS, "a race that one side always wins: " + extended);
      await("all to be judged")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> living() == extensions.stream().filter(RaceIT::won).count());
      // Once more for all of them, as in a sweep: who was extended stays all the same.
      reaper.configure(RunningReaper.QUIET + "warningBefore: 5m\n");
      scene.running("marker", "template: plain, timeout: 3s", Instant.now());
      scene.awaitGone("marker");
      for (int i = 0; i < EXTENSIONS; i++) {
        assertEquals(extensions.get(i).get(), scene.exists("race-" + i), "race-" + i);
      }
    }
  }

  private static boolean won(Future<Boolean> extension) {
    return extension.resultNow();
  }

  private long living() {
    return IntStream.range(0, EXTENSIONS).filter(i -> scene.exists("race-" + i)).count();
  }

  private static Instant end(Instant first, int i) {
    return first.plusSeconds(i / 50);
  }

  @Test
  void anOldCacheDeletesNobody() {
    scene.template("plain", "displayName: Plain");
    scene.template("stretched", "maxTimeout: 8s");
    Instant start = Instant.now();
    try (ApiProxy proxy = ApiProxy.before(cluster);
        RunningReaper reaper =
            RunningReaper.start(
                Cluster.connect(proxy.kubeconfig()), RunningReaper.QUIET, InstantSource.system())) {
      scene.running("extended", "template: plain, timeout: 8s", start);
      scene.running("template-extended", "template: stretched, timeout: 50h", start);
      scene.running("suspended", "template: plain, timeout: 8s", start);
      scene.running("marker", "template: plain, timeout: 10s", start);
      scene.awaitEvent("extended", "SessionExpiring");
      scene.awaitEvent("template-extended", "SessionExpiring");
      scene.awaitEvent("suspended", "SessionExpiring");
      scene.awaitEvent("marker", "SessionExpiring");
      proxy.hold();
      scene.extend("extended", "50h").orElseThrow();
      scene.template("stretched", "maxTimeout: 90h");
      scene
          .api()
          .mergePatch(
              ResourceType.SESSION,
              scene.namespace(),
              "suspended",
              ReaperFixture.json("{\"spec\": {\"suspended\": true}}"))
          .orElseThrow();
      // It goes, by the old cache and the live look: so the others have been looked at too.
      scene.awaitGone("marker");
      for (String name : List.of("extended", "template-extended", "suspended")) {
        assertTrue(scene.exists(name), name);
      }
      proxy.release();
      scene.extend("extended", "9s").orElseThrow();
      scene.awaitGone("extended");
      assertEquals(0, reaper.reported("overdue"));
    }
  }

  @Test
  void aWrongClockEndsNobodyEarlyAndHardlyAnybodyLate() {
    scene.template("plain", "displayName: Plain");
    for (int skew : new int[] {60, -60}) {
      String name = skew > 0 ? "ahead" : "behind";
      VdiSession session = scene.running(name, "template: plain, timeout: 6s", Instant.now());
      Instant due = session.status().startTime().plusSeconds(6);
      InstantSource wrong = InstantSource.offset(InstantSource.system(), Duration.ofSeconds(skew));
      try (RunningReaper reaper =
          RunningReaper.start(
              Cluster.connect(RunningReaper.kubeconfig(cluster)), RunningReaper.QUIET, wrong)) {
        scene.awaitGone(name);
        Duration error = Duration.between(due, Instant.now());
        assertTrue(
            error.toMillis() > -2000 && error.toSeconds() < 20,
            "a clock that is " + skew + " s wrong ended a session " + error + " after its time");
        assertTrue(reaper.report().has("time"));
      }
    }
  }
}
