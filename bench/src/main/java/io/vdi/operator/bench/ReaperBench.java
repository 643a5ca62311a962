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
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** The reaper among many sessions: at rest, and with ends spread over a minute. */
final class ReaperBench {
  private static final int EXPIRIES = 500;
  private static final Duration SPREAD = Duration.ofMinutes(1);

  /** Time to write all the new times before the first is due. */
  private static final Duration AHEAD = Duration.ofSeconds(20);

  /** Its sweeps come every five minutes: one of them, and no more, is in it. */
  private static final Duration REST = Duration.ofMinutes(6);

  /** The template says nothing of it. */
  private static final Duration TIMEOUT = Duration.ofHours(8);

  private final List<String> jvm;
  private final Map<String, Instant> deleted = new ConcurrentHashMap<>();

  ReaperBench(List<String> jvm) {
    this.jvm = jvm;
  }

  Result.Reaped measure(int sessions) {
    try (BenchCluster lab = new BenchCluster(0)) {
      Instant begin = Instant.now();
      try (BareClient client = new BareClient(lab.admin(), lab.operator())) {
        Progress.say("making " + sessions + " sessions with all their objects");
        new Load.Clients(32).run(sessions, i -> client.park(name(i), begin));
      }
      OperatorProcess.Launch launch = lab.reaper(jvm);
      AotCache.start(launch).close();
      long start = System.nanoTime();
      try (OperatorProcess reaper = AotCache.start(launch)) {
        reaper.awaitReady();
        double ready = (System.nanoTime() - start) / 1e9;
        Progress.await(
            () -> "the first sweep",
            Duration.ofMinutes(5),
            () -> reaper.page("/report").contains("lastSweep"));
        ProcessFigures before = ProcessFigures.of(reaper.process().pid());
        long requests = lab.requests().count();
        Progress.say("measuring: the reaper at rest, for " + REST.toMinutes() + " minutes");
        rest();
        ProcessFigures after = ProcessFigures.of(reaper.process().pid());
        double perMinute = (double) (lab.requests().count() - requests) / REST.toMinutes();
        Quantiles lateness = expire(lab, sessions);
        return new Result.Reaped(
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

  private Quantiles expire(BenchCluster lab, int sessions) {
    Progress.say("measuring: " + EXPIRIES + " ends, spread over a minute");
    try (ResourceCache<VdiSession> watch =
        new ResourceCache<>(
            lab.admin(), ResourceType.SESSION, "", InstantSource.system(), this::seen)) {
      watch.start();
      Progress.await(() -> "a watch", Duration.ofMinutes(1), watch::isSynced);
      Instant first = Instant.now().plus(AHEAD);
      Map<String, Instant> due = new ConcurrentHashMap<>();
      new Load.Clients(16)
          .run(
              EXPIRIES,
              i -> {
                String name = name(i * (sessions / EXPIRIES));
                Instant end = first.plus(SPREAD.multipliedBy(i).dividedBy(EXPIRIES));
                due.put(name, end);
                BareClient.startTime(lab.operator(), name, end.minus(TIMEOUT));
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

  private void seen(ResourceCache.Change<VdiSession> change) {
    if (change.object().metadata().isDeleting()) {
      deleted.putIfAbsent(change.object().name(), Instant.now());
    }
  }

  private static String name(int i) {
    return "parked-" + i;
  }
}
