package io.vdi.operator.bench;

import java.util.Map;

/**
 * Checks the results against the targets in docs/specification.md, section 7. A target whose
 * figures were not measured is left out.
 */
final class Targets {
  private final BenchmarkReport report;

  private Targets(BenchmarkReport report) {
    this.report = report;
  }

  /** Adds the outcome of each target to the report. */
  static void check(BenchmarkReport report) {
    Targets targets = new Targets(report);
    targets.controller();
    targets.fleet();
    targets.admission();
    targets.flood();
    targets.reaper();
    targets.desktop();
    targets.doctor();
    targets.gate();
    targets.peers();
  }

  private void controller() {
    report
        .find(Measurement.START, Result.Startup.class)
        .ifPresent(start -> report.atMost("ready, empty cluster", start.withAotCache(), 1.5, " s"));
    report
        .find(Measurement.BURST, Result.ControllerFigures.class)
        .ifPresent(burst -> {
          Measurement.LIMITS.stream()
              .flatMap(limit -> report.find(limit, Result.Throughput.class).stream())
              .mapToDouble(Result.Throughput::sessionsPerSecond)
              .max()
              .ifPresent(limit ->
                  report.atLeast(
                      "burst, sessions/s relative to the bare client",
                      burst.throughput().sessionsPerSecond() / limit,
                      0.7,
                      ""));
          report.atMost("burst, writes per session", burst.writesWithoutEvents(), 12, "");
        });
    report
        .find(Measurement.STEADY, Result.ControllerFigures.class)
        .ifPresent(steady -> {
          double bare =
              report
                  .find(Measurement.STEADY_BARE, Result.Throughput.class)
                  .orElseThrow()
                  .toPod()
                  .p50();
          report.atMost(
              "20/s, create → pod p50 relative to the bare client",
              steady.throughput().toPod().p50() / bare,
              2,
              "");
          report.atMost("20/s, reconcile p99", steady.reconcile().p99(), 100, " ms");
          report.atMost("20/s, writes per session", steady.writesWithoutEvents(), 12, "");
        });
  }

  private void fleet() {
    report
        .find(Measurement.FLEET, Result.Fleet.class)
        .ifPresent(fleet -> {
          double rss = Math.max(fleet.burst().process().peak(), fleet.restarted().peak());
          report.atMost("10,000 sessions, RSS", rss, 512, " MiB");
          report.atMost("10,000 sessions, writes at rest", sum(fleet.restWrites()), 0, "");
          report.atMost(
              "10,000 sessions, writes after a restart", sum(fleet.restartWrites()), 0, "");
          report.atMost("10,000 sessions, pods of each", fleet.arrival().podsCreated(), 1, "");
          report.atMost("1,000 more, pods of each", fleet.burst().podsCreated(), 1, "");
          report.atMost("10,000 sessions, crash of the leader", fleet.crash(), 10, " s");
        });
  }

  private void admission() {
    report
        .find(Measurement.BARE_HANDLER, Result.Latency.class)
        .ifPresent(bare -> {
          for (String path : Measurement.ADMISSION_PATHS) {
            double p50 = latency(path).p50() / bare.latency().p50();
            report.atMost(path + ", p50 relative to the bare handler", p50, 2, "");
          }
          double without = latency(Measurement.CREATE_WITHOUT_WEBHOOK).p50();
          report.atMost(
              "create, p50 added by the webhook",
              latency(Measurement.CREATE_WITH_WEBHOOK).p50() - without,
              10,
              " ms");
        });
  }

  private void flood() {
    report
        .find(Measurement.FLOOD, Result.Flood.class)
        .ifPresent(flood -> {
          report.atMost("creates without a flood, failed", flood.failedCalm(), 0, "");
          report.atMost("creates during a flood, failed", flood.failed(), 0, "");
        });
  }

  private void reaper() {
    report
        .find(Measurement.REAPER, Result.ReaperFigures.class)
        .ifPresent(reaper -> {
          report.atMost("reaper, CPU at rest", reaper.restCpu() * 100, 1, " % of a core");
          report.atMost("reaper, lateness p99", reaper.lateness().p99(), 2000, " ms");
        });
  }

  private void desktop() {
    report
        .find(Measurement.DESKTOP, Result.DesktopTimes.class)
        .ifPresent(times ->
            report.atMost("kubectl apply → picture, worst", times.whole().p99() / 1000, 30, " s"));
  }

  private void doctor() {
    report
        .find(Measurement.DOCTOR, Result.DoctorTimes.class)
        .ifPresent(times -> {
          report.atMost("kubectl vdi list, p50", times.list().p50() / 1000, 0.4, " s");
          report.atMost(
              "kubectl vdi list, p50 relative to no AOT cache",
              times.list().p50() / times.listWithoutCache().p50(),
              1,
              "");
          report.atMost("doctor, 20 sessions, worst", times.all().p99() / 1000, 5, " s");
          report.atMost("doctor, findings on a healthy system", times.findings(), 0, "");
        });
  }

  private void gate() {
    report
        .find(Measurement.GATE, Result.GateFigures.class)
        .ifPresent(gate -> {
          report.atMost("forward-auth, p99", gate.forwardAuth().latency().p99(), 5, " ms");
          report.atMost("gate, peak RSS", gate.process().peak(), 150, " MiB");
        });
  }

  private void peers() {
    compare(Measurement.SESSIONS, Measurement.PEER);
    compare(Measurement.SESSIONS_WITH_HOMES, Measurement.PEER_WITH_CLAIMS);
  }

  private void compare(String sessions, String peer) {
    report
        .find(sessions, Result.PeerFigures.class)
        .ifPresent(ours -> {
          report.atMost("500 " + sessions + ", RSS", ours.process().rss(), 150, " MiB");
          report
              .find(peer, Result.PeerFigures.class)
              .ifPresent(
                  theirs -> compare(ours, theirs, sessions + ", relative to " + peer + ": "));
        });
  }

  private void compare(Result.PeerFigures ours, Result.PeerFigures theirs, String name) {
    report.atLeast(name + "pods/s", ours.podsPerSecond() / theirs.podsPerSecond(), 1, "");
    report.atLeast(name + "ready/s", ours.readyPerSecond() / theirs.readyPerSecond(), 1, "");
    report.atMost(
        name + "CPU s of controller and API server",
        (ours.cpu() + ours.apiServerCpu()) / (theirs.cpu() + theirs.apiServerCpu()),
        1.5,
        "");
  }

  private Quantiles latency(String name) {
    return report.find(name, Result.Latency.class).orElseThrow().latency();
  }

  private static double sum(Map<String, Double> writes) {
    return writes.values().stream().mapToDouble(Double::doubleValue).sum();
  }
}
