package io.vdi.operator.bench;

import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.operator.AotCache;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.process.Progress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** Measures the reaper with many sessions: at rest, and while sessions expire. */
final class ReaperBench {
  private static final int EXPIRIES = 500;
  private static final Duration SPREAD = Duration.ofMinutes(1);

  /** Time to write all start times before the first session expires. */
  private static final Duration AHEAD = Duration.ofSeconds(20);

  /** The reaper scans for orphans every five minutes, so exactly one scan is in this time. */
  private static final Duration REST = Duration.ofMinutes(6);

  /** The default timeout: the template sets none. */
  private static final Duration TIMEOUT = Duration.ofHours(8);

  private final Map<String, Instant> deleted = new ConcurrentHashMap<>();

  Result.ReaperFigures measure(int sessions) {
    try (BenchCluster cluster = new BenchCluster(0)) {
      Instant begin = Instant.now();
      try (BareClient client = new BareClient(cluster.admin(), cluster.operator())) {
        Progress.say("creating " + sessions + " sessions with all their objects");
        new RequestLoad.Clients(32).run(sessions, i -> client.park(name(i), begin));
      }
      OperatorProcess.Launch launch = cluster.reaper();
      AotCache.start(launch).close();
      long start = System.nanoTime();
      try (OperatorProcess reaper = AotCache.start(launch)) {
        reaper.awaitReady();
        double ready = (System.nanoTime() - start) / 1e9;
        Progress.await(
            () -> "the first orphan scan",
            Duration.ofMinutes(5),
            () -> reaper.page("/report").contains("lastSweep"));
        ProcessFigures before = ProcessFigures.of(reaper.process().pid());
        long requests = cluster.requests().count();
        Progress.say("measuring: the reaper at rest, for " + REST.toMinutes() + " minutes");
        rest();
        ProcessFigures after = ProcessFigures.of(reaper.process().pid());
        double perMinute = (double) (cluster.requests().count() - requests) / REST.toMinutes();
        Quantiles lateness = expire(cluster, sessions);
        return new Result.ReaperFigures(
            sessions,
            ready,
            after,
            (after.cpu() - before.cpu()) / REST.toSeconds(),
            perMinute,
            EXPIRIES,
            lateness);
      }
    }
  }

  private static void rest() {
    long end = System.nanoTime() + REST.toNanos();
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }

  private Quantiles expire(BenchCluster cluster, int sessions) {
    Progress.say("measuring: " + EXPIRIES + " sessions that expire within a minute");
    try (ResourceCache<VdiSession> watch =
        new ResourceCache<>(
            cluster.admin(),
            ResourceType.SESSION,
            "",
            InstantSource.system(),
            this::sessionChanged)) {
      watch.start();
      Progress.await(() -> "the watch", Duration.ofMinutes(1), watch::isSynced);
      Instant first = Instant.now().plus(AHEAD);
      Map<String, Instant> due = new ConcurrentHashMap<>();
      new RequestLoad.Clients(16)
          .run(
              EXPIRIES,
              i -> {
                String name = name(i * (sessions / EXPIRIES));
                Instant end = first.plus(SPREAD.multipliedBy(i).dividedBy(EXPIRIES));
                due.put(name, end);
                BareClient.startTime(cluster.operator(), name, end.minus(TIMEOUT));
              });
      Progress.await(
          () -> deleted.size() + " of " + EXPIRIES + " to be deleted",
          Duration.ofMinutes(3),
          () -> deleted.size() >= EXPIRIES);
      return Quantiles.ofNanos(
          IntStream.range(0, EXPIRIES)
              .mapToObj(i -> name(i * (sessions / EXPIRIES)))
              .map(name -> Duration.between(due.get(name), deleted.get(name)).toNanos())
              .toList());
    }
  }

  private void sessionChanged(ResourceCache.Change<VdiSession> change) {
    if (change.object().metadata().isDeleting()) {
      deleted.putIfAbsent(change.object().name(), Instant.now());
    }
  }

  private static String name(int i) {
    return "parked-" + i;
  }
}
