package io.vdi.operator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TargetsTest {
  private static final ProcessFigures PROCESS = new ProcessFigures(300, 310, 5);

  private final BenchmarkReport report = new BenchmarkReport();

  @Test
  void withoutResultsThereAreNoTargets() {
    Targets.check(report);
    assertThat(report.targets()).isEmpty();
  }

  @Test
  void aTargetIsMetUpToItsBound() {
    report.add(Measurement.START, new Result.Startup(1.5, 2));
    Targets.check(report);
    assertThat(report.targets()).singleElement().asString().startsWith("✓ ready, empty cluster");
  }

  @Test
  void aMissedTargetIsMarkedWithValueAndBound() {
    report.add(Measurement.START, new Result.Startup(1.75, 2));
    Targets.check(report);
    assertThat(report.targets())
        .singleElement()
        .asString()
        .startsWith("✗ ready, empty cluster")
        .containsPattern("1\\.75 s +\\(target ≤ 1\\.5\\d* s\\)");
  }

  @Test
  void theBurstIsComparedWithTheFastestBareClient() {
    report.add(Measurement.limit(8), throughput(50));
    report.add(Measurement.limit(32), throughput(100));
    report.add(Measurement.BURST, burst(60));
    Targets.check(report);
    assertThat(report.targets())
        .anySatisfy(
            line -> assertThat(line).startsWith("✗ burst, sessions/s").contains("0.60", "≥ 0.7"))
        .anySatisfy(
            line -> assertThat(line).startsWith("✓ burst, writes per session").contains("9.00"));
  }

  @Test
  void theRateIsNotJudgedWithoutABareClient() {
    report.add(Measurement.BURST, burst(60));
    Targets.check(report);
    assertThat(report.targets()).singleElement().asString().contains("writes per session");
  }

  private static Result.Throughput throughput(double sessionsPerSecond) {
    return new Result.Throughput(
        1000, 1000 / sessionsPerSecond, sessionsPerSecond, new Quantiles(1, 2));
  }

  /** Nine writes per session; Events and the status of templates do not count. */
  private static Result.ControllerFigures burst(double sessionsPerSecond) {
    return new Result.ControllerFigures(
        throughput(sessionsPerSecond),
        new Quantiles(1, 2),
        new Quantiles(1, 2),
        Map.of(
            "create pods", 6.0,
            "patch vdisessions/status", 3.0,
            "create events", 3.0,
            "patch vditemplates/status", 0.1),
        PROCESS,
        5);
  }
}
