package io.vdi.operator.controller.usage;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.usage.UsageEnd;
import io.vdi.operator.common.usage.UsagePeriod;
import io.vdi.operator.common.usage.UsageReport;
import io.vdi.operator.controller.session.FakeCluster;
import io.vdi.operator.controller.usage.SimulatedUsage.Fate;
import io.vdi.operator.controller.usage.SimulatedUsage.Killed;
import io.vdi.operator.controller.usage.SimulatedUsage.Leader;
import io.vdi.operator.controller.usage.SimulatedUsage.Session;
import io.vdi.operator.controller.usage.SimulatedUsage.SimPod;
import io.vdi.operator.controller.usage.SimulatedUsage.Truth;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * A month of desktops whose controllers are killed at their writes, see the cluster late, and
 * overlap; docs/specification.md, section 9.
 */
class UsageHistoriesProperties {
  private static final List<String> NAMES = List.of("a", "b", "c", "d", "e", "f");
  private static final Duration MONTH = Duration.ofDays(31);

  private final MeterRegistry meters = FakeCluster.emptyMeters();

  @Property(tries = 25)
  void theUsageOfAMonthIsThatOfTheModelToTheSecond(@ForAll long seed) {
    Random random = new Random(seed);
    SimulatedUsage cluster = new SimulatedUsage();
    List<Leader> leaders = new ArrayList<>();
    Instant end = cluster.time.plus(MONTH);
    while (cluster.time.isBefore(end)) {
      cluster.time = cluster.time.plusSeconds(1 + random.nextInt(1800));
      act(cluster, random, true);
      cluster.publish();
      if (leaders.isEmpty() ? random.nextInt(3) > 0 : random.nextInt(30) == 0) {
        // The former leader may still work for some time, with what it knows.
        leaders.add(leader(cluster, random));
      }
      if (leaders.size() > 1 && random.nextInt(3) == 0) {
        leaders.removeFirst();
      }
      for (Leader leader : List.copyOf(leaders)) {
        leader.catchUp(random.nextInt(4));
        work(cluster, leader, leaders);
      }
    }
    settle(cluster);
    Map<String, VdiUsage> recorded = cluster.now.usages();
    assertThat(recorded.keySet()).containsExactlyInAnyOrderElementsOf(cluster.truth.keySet());
    cluster.truth.forEach((pod, model) -> {
      VdiUsage.Spec interval = recorded.get(pod).spec();
      assertThat(interval.start()).as(pod).isEqualTo(model.start);
      assertThat(interval.endedAt()).as(pod).isEqualTo(model.end);
    });
    assertThat(gpuSeconds(cluster)).isEqualTo(2 * cluster.modelSeconds());
  }

  /**
   * A pod that disappears while no controller works counts until the last heartbeat, never longer
   * than it ran.
   */
  @Property(tries = 25)
  void whatNobodyHasSeenCountsUntilTheLastHeartbeat(@ForAll long seed) {
    Random random = new Random(seed);
    SimulatedUsage cluster = new SimulatedUsage();
    List<Leader> leaders = new ArrayList<>();
    Instant end = cluster.time.plus(Duration.ofDays(2));
    while (cluster.time.isBefore(end)) {
      cluster.time = cluster.time.plusSeconds(1 + random.nextInt(120));
      Optional<Instant> heartbeat = cluster.heartbeat;
      act(cluster, random, false);
      cluster.publish();
      if (leaders.isEmpty() && random.nextInt(4) == 0) {
        leaders.add(leader(cluster, random));
      }
      for (Leader leader : List.copyOf(leaders)) {
        leader.catchUp(0);
        work(cluster, leader, leaders);
      }
      cluster.truth.values().stream()
          .filter(model ->
              model.heartbeatAtEnd.isEmpty() && model.end.equals(Optional.of(cluster.time)))
          .forEach(model -> model.heartbeatAtEnd = heartbeat);
    }
    settle(cluster);
    for (Map.Entry<String, VdiUsage> usage : cluster.now.usages().entrySet()) {
      Truth model = cluster.truth.get(usage.getKey());
      VdiUsage.Spec interval = usage.getValue().spec();
      assertThat(interval.start()).isEqualTo(model.start);
      if (model.end.isPresent() && interval.endedAt().isPresent()) {
        assertThat(interval.end()).isBeforeOrEqualTo(model.end.get());
        if (interval.reason().equals(UsageEnd.LOST.text())) {
          Instant known = model.heartbeatAtEnd.orElse(model.start);
          assertThat(interval.end())
              .isAfterOrEqualTo(known.isBefore(model.start) ? model.start : known);
        }
      }
    }
    assertThat(gpuSeconds(cluster)).isLessThanOrEqualTo(2 * cluster.modelSeconds());
  }

  /** Each write of the life of one session is the last of a process, before and after it. */
  @Example
  void aProcessThatEndsAtAnyWriteLosesAndDoublesNothing() {
    for (Fate.Kind kind : List.of(Fate.Kind.BEFORE, Fate.Kind.AFTER)) {
      for (int fatal = 0; fatal < 12; fatal++) {
        SimulatedUsage cluster = new SimulatedUsage();
        int[] writes = {0};
        int last = fatal;
        Fate fate = () -> writes[0]++ == last ? kind : Fate.Kind.SURVIVES;
        List<Leader> leaders = new ArrayList<>();
        cluster.createSession("a");
        cluster.publish();
        for (int minute = 0; minute < 60; minute++) {
          cluster.time = cluster.time.plusSeconds(60);
          switch (minute) {
            case 5 -> cluster.becomeReady("a");
            case 20 -> cluster.suspend("a", true);
            case 22, 52 -> cluster.vanish("a");
            case 30 -> cluster.suspend("a", false);
            case 35 -> cluster.becomeReady("a");
            case 50 -> cluster.delete("a");
            default -> {}
          }
          cluster.publish();
          if (leaders.isEmpty()) {
            leaders.add(cluster.new Leader(fate, new UsageMetrics(meters)));
          }
          leaders.getFirst().catchUp(0);
          work(cluster, leaders.getFirst(), leaders);
        }
        assertThat(cluster.now.usages()).as("%s write %s", kind, fatal).hasSize(2);
        assertThat(gpuSeconds(cluster))
            .as("%s write %s", kind, fatal)
            .isEqualTo(2 * cluster.modelSeconds());
      }
    }
  }

  private Leader leader(SimulatedUsage cluster, Random random) {
    return cluster
    .new Leader(
        () ->
            switch (random.nextInt(40)) {
              case 0 -> Fate.Kind.BEFORE;
              case 1 -> Fate.Kind.AFTER;
              default -> Fate.Kind.SURVIVES;
            },
        new UsageMetrics(meters));
  }

  private static void work(SimulatedUsage cluster, Leader leader, List<Leader> leaders) {
    try {
      leader.sweep();
      NAMES.forEach(leader::pass);
      cluster.publish();
    } catch (Killed e) {
      leaders.remove(leader);
    }
  }

  /** A controller that survives sees everything. */
  private void settle(SimulatedUsage cluster) {
    Leader last = cluster.new Leader(() -> Fate.Kind.SURVIVES, new UsageMetrics(meters));
    for (int i = 0; i < 4; i++) {
      last.catchUp(0);
      last.sweep();
      NAMES.forEach(last::pass);
      cluster.publish();
    }
  }

  /**
   * What users, nodes and other clients do.
   *
   * @param visible whether a controller sees the end of each pod
   */
  private static void act(SimulatedUsage cluster, Random random, boolean visible) {
    for (String name : NAMES) {
      Session session = cluster.now.sessions().get(name);
      SimPod pod = cluster.now.pods().get(name);
      int dice = random.nextInt(100);
      if (session == null) {
        if (dice < 10) {
          cluster.createSession(name);
        }
        continue;
      }
      if (pod != null && pod.deleted().isPresent()) {
        if (dice < 50 && !(visible && cluster.unobserved.contains(pod.uid()))) {
          cluster.vanish(name);
        }
        continue;
      }
      if (pod != null && pod.ready().isEmpty()) {
        cluster.becomeReady(name);
        continue;
      }
      if (dice < 2) {
        cluster.delete(name);
      } else if (dice < 5) {
        cluster.suspend(name, true);
      } else if (dice < 15 && session.suspended()) {
        cluster.suspend(name, false);
      } else if (dice == 90 && pod != null) {
        cluster.unobserved.add(pod.uid());
        cluster.requestDeletion(name, pod.uid());
      } else if (dice == 91 && pod != null && cluster.now.usages().containsKey(pod.uid())) {
        cluster.unobserved.add(pod.uid());
        cluster.finish(name);
      } else if (dice == 92 && !visible) {
        cluster.vanish(name);
      }
    }
  }

  private static long gpuSeconds(SimulatedUsage cluster) {
    UsageReport report =
        new UsageReport(
            List.of(UsageReport.Dimension.USER, UsageReport.Dimension.MONTH),
            new UsagePeriod(Instant.EPOCH, cluster.time, ZoneOffset.UTC));
    cluster.now.usages().values().forEach(usage -> report.add(usage.spec()));
    return report.rows().stream().mapToLong(UsageReport.Row::gpuSeconds).sum();
  }
}
