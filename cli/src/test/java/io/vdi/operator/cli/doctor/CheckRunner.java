package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.cli.cluster.ClusterAccess;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Runs single checks on a fake cluster. A result is one line: {@code ok: …}, {@code skipped: …}, or
 * the code, the object and what was observed.
 */
final class CheckRunner implements AutoCloseable {
  final FakeCluster fake = new FakeCluster();
  private final ClusterAccess cluster = fake.connect();
  private final RouterClient router = new RouterClient(Optional.of("127.0.0.1"), Optional.empty());
  private boolean probe;
  private Optional<Instant> localTime = Optional.empty();

  /** Checks with {@code --probe}. */
  CheckRunner probe() {
    probe = true;
    return this;
  }

  /** The clock of this machine; without it, it is that of the API server. */
  CheckRunner localTime(Instant time) {
    localTime = Optional.of(time);
    return this;
  }

  /** Runs a check of the operator. */
  String run(List<Check<DoctorContext>> checks, String name) {
    return run(find(checks, name), context());
  }

  /** Runs a check of session alice. */
  String runOnAlice(List<Check<SessionContext>> checks, String name) {
    DoctorContext context = context();
    try (SessionContext session =
        new SessionContext(context, context.cluster().session("alice"), router)) {
      return run(find(checks, name), session);
    }
  }

  private DoctorContext context() {
    return new DoctorContext(
        cluster,
        Optional.empty(),
        false,
        probe,
        Optional.empty(),
        Optional.empty(),
        () -> localTime.orElse(fake.time()));
  }

  private static <S> Check<S> find(List<Check<S>> checks, String name) {
    return checks.stream().filter(check -> check.name().equals(name)).findFirst().orElseThrow();
  }

  private static <S> String run(Check<S> check, S subject) {
    return switch (Doctor.run(check.body(), subject)) {
      case CheckResult.Passed(String observed) -> "ok: " + observed;
      case CheckResult.Skipped(String reason, _) -> "skipped: " + reason;
      case CheckResult.Failed(Finding finding) -> {
        assertThat(finding.command())
            .as("parameters of the command")
            .doesNotContain("{name}", "{operator}", "{session}", "{namespace}", "{template}");
        yield finding.cause().code() + " " + finding.object() + ": " + finding.observed();
      }
    };
  }

  /** Serves session alice, created now minus the age. */
  CheckRunner alice(String spec, String status, long ageSeconds) {
    fake.put(
        FakeCluster.session("alice"),
        """
        metadata: {uid: u1, generation: 1, creationTimestamp: "%s"}
        spec: {user: alice@example.com, template: ubuntu, %s}
        status: {observedGeneration: 1, %s}
        """
            .formatted(fake.time().minusSeconds(ageSeconds), spec, status));
    fake.put(FakeCluster.template("ubuntu"), "spec: {image: i}");
    return this;
  }

  @Override
  public void close() {
    router.close();
    cluster.close();
    fake.close();
  }
}
