package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The order of the checks, their dependencies, and the order of the findings. */
class DoctorTest {
  private static final String SESSIONS = "/apis/vdi.kasm.io/v1alpha1/namespaces/team-a/vdisessions";
  private static final CheckResult PASSED = new CheckResult.Passed("fine");

  private final FakeCluster fake = new FakeCluster().serve(SESSIONS);
  private final ClusterAccess cluster = fake.connect();

  @AfterEach
  void close() {
    cluster.close();
    fake.close();
  }

  private static <S> Check<S> check(String name, Check.Body<S> body, String... dependsOn) {
    return new Check<>(name, Layer.CONTROL_PLANE, name, Set.of(dependsOn), body);
  }

  private static <S> Check<S> check(String name, CheckResult result, String... dependsOn) {
    return check(name, subject -> result, dependsOn);
  }

  private static CheckResult failed(KnownCause cause) {
    return new CheckResult.Failed(new Finding(cause, "object", "observed", Map.of()));
  }

  private DoctorContext context(Optional<String> session, Optional<Path> authority) {
    return new DoctorContext(
        cluster, session, false, false, Optional.empty(), authority, InstantSource.system());
  }

  private List<String> run(
      List<Check<DoctorContext>> systemChecks, List<Check<SessionContext>> sessionChecks) {
    return new Doctor(context(Optional.empty(), Optional.empty()), systemChecks, sessionChecks)
        .examine(rows -> {}).rows().stream()
            .map(row ->
                row.session().map(session -> session + " ").orElse("")
                    + row.check()
                    + ": "
                    + describe(row.answer()))
            .toList();
  }

  private static String describe(CheckResult result) {
    return switch (result) {
      case CheckResult.Passed _ -> "ok";
      case CheckResult.Failed(Finding finding) -> finding.cause().code();
      case CheckResult.Skipped(String reason, _) -> reason;
    };
  }

  @Test
  void anErrorBlocksDependentChecksAndTheirDependents() {
    assertThat(
            run(
                List.of(
                    check("first", failed(KnownCause.SERVICE_STOPPED)),
                    check("second", PASSED, "first"),
                    check("third", failed(KnownCause.NO_LEADER), "second"),
                    check("fourth", PASSED)),
                List.of()))
        .containsExactly(
            "first: VDI104", "second: blocked by VDI104", "third: blocked by VDI104", "fourth: ok");
  }

  @Test
  void warningsAndSkippedChecksBlockNothing() {
    assertThat(
            run(
                List.of(
                    check("clocks", failed(KnownCause.CLOCKS_APART)),
                    check("second", PASSED, "clocks"),
                    check(
                        "secret",
                        context -> {
                          throw new CliException.ApiRejected(403, "secrets is forbidden");
                        }),
                    check("fourth", PASSED, "secret")),
                List.of()))
        .containsExactly(
            "clocks: VDI333", "second: ok", "secret: secrets is forbidden", "fourth: ok");
  }

  @Test
  void anUnexpectedObjectSkipsOneCheck() {
    assertThat(
            run(
                List.of(
                    check(
                        "odd",
                        context -> {
                          throw new IllegalStateException("not an array");
                        }),
                    check("next", PASSED)),
                List.of()))
        .containsExactly(
            "odd: the check failed: java.lang.IllegalStateException: not an array", "next: ok");
  }

  @Test
  void sessionsAreNotCheckedWithoutApiServerOrCrds() {
    fake.put(SESSIONS + "/alice", "spec: {}");
    List<Check<SessionContext>> checks = List.of(check("template", PASSED));
    assertThat(run(List.of(check("api", failed(KnownCause.API_UNREACHABLE))), checks))
        .containsExactly("api: VDI101");
    assertThat(run(List.of(check("definitions", failed(KnownCause.NOT_INSTALLED))), checks))
        .containsExactly("definitions: VDI102");
    assertThat(fake.requests()).isEmpty();
  }

  @Test
  void eachSessionDependsOnItsOwnChecksAndOnThoseOfTheOperator() {
    fake.handle(
        "GET " + SESSIONS,
        body ->
            FakeCluster.json(
                200,
                com.google.gson.JsonParser.parseString(
                        """
                        {"metadata": {}, "items": [
                          {"metadata": {"name": "alice", "namespace": "team-a"}},
                          {"metadata": {"name": "bob", "namespace": "team-a"}},
                          {"metadata": {"name": "carol", "namespace": "team-a",
                            "deletionTimestamp": "2026-01-01T12:00:00Z"}}]}
                        """)
                    .getAsJsonObject()));
    assertThat(
            run(
                List.of(check("services", failed(KnownCause.SERVICE_STOPPED))),
                List.of(
                    check(
                        "template",
                        session ->
                            session.name().equals("alice")
                                ? failed(KnownCause.TEMPLATE_MISSING)
                                : PASSED),
                    check("observed", PASSED, "services"),
                    check("accepted", PASSED, "template"))))
        .containsExactly(
            "services: VDI104",
            "team-a/alice template: VDI112",
            "team-a/bob template: ok",
            "team-a/alice observed: blocked by VDI104",
            "team-a/bob observed: blocked by VDI104",
            "team-a/alice accepted: blocked by VDI112",
            "team-a/bob accepted: ok");
  }

  @Test
  void withoutPermissionForSessionsOnlyTheOperatorIsChecked() {
    fake.reject("GET " + SESSIONS, 403, "vdisessions is forbidden");
    assertThat(run(List.of(check("api", PASSED)), List.of(check("template", PASSED))))
        .containsExactly("api: ok", "sessions: vdisessions is forbidden");
  }

  @Test
  void aMissingSessionEndsTheDoctor() {
    Doctor doctor = new Doctor(context(Optional.of("bob"), Optional.empty()), List.of(), List.of());
    assertThatThrownBy(() -> doctor.examine(rows -> {}))
        .isInstanceOf(CliException.Failed.class)
        .hasMessage("there is no session \"bob\" in namespace team-a");
  }

  @Test
  void anUnusableCaFileIsReportedBeforeAnyCheck() {
    List<List<CheckOutcome>> progress = new ArrayList<>();
    Doctor doctor =
        new Doctor(
            context(Optional.empty(), Optional.of(Path.of("/missing/ca.crt"))),
            List.of(check("api", PASSED)),
            List.of());
    assertThatThrownBy(() -> doctor.examine(progress::add))
        .isInstanceOf(CliException.Usage.class)
        .hasMessageStartingWith("--certificate-authority /missing/ca.crt cannot be used: ");
    assertThat(progress).isEmpty();
  }

  @Test
  void findingsAreSortedByLikelihood() {
    Report report =
        new Report(
            List.of(
                row(Layer.CONTROL_PLANE, Optional.empty(), KnownCause.CLOCKS_APART),
                row(Layer.INFRASTRUCTURE, Optional.empty(), KnownCause.SLICING_MAP_MISSING),
                row(Layer.INFRASTRUCTURE, Optional.of("default/a"), KnownCause.IMAGE_NOT_PULLED),
                row(Layer.CONTROL_PLANE, Optional.empty(), KnownCause.SERVICE_STOPPED)));
    assertThat(report.findings())
        .extracting(Finding::cause)
        .containsExactly(
            KnownCause.SERVICE_STOPPED,
            KnownCause.IMAGE_NOT_PULLED,
            KnownCause.SLICING_MAP_MISSING,
            KnownCause.CLOCKS_APART);
    assertThat(report.cause()).map(Finding::cause).contains(KnownCause.SERVICE_STOPPED);
    assertThat(report.exitCode(false)).isEqualTo(2);
  }

  @Test
  void warningsChangeTheExitCodeOnlyIfStrict() {
    Report warning =
        new Report(List.of(row(Layer.CONTROL_PLANE, Optional.empty(), KnownCause.CLOCKS_APART)));
    assertThat(warning.exitCode(false)).isZero();
    assertThat(warning.exitCode(true)).isEqualTo(1);
    assertThat(new Report(List.of()).exitCode(true)).isZero();
  }

  private static CheckOutcome row(Layer layer, Optional<String> session, KnownCause cause) {
    return new CheckOutcome("check", layer, "Title", session, failed(cause));
  }

  /** A dependency on a name that no check has would block nothing. */
  @Test
  void checksDependOnlyOnEarlierChecks() {
    Set<String> known = new HashSet<>();
    for (Check<DoctorContext> check : SystemChecks.all()) {
      assertThat(known).as(check.name()).containsAll(check.dependsOn());
      known.add(check.name());
    }
    for (Check<SessionContext> check : SessionChecks.all()) {
      assertThat(known).as(check.name()).containsAll(check.dependsOn());
      known.add(check.name());
    }
    assertThat(known).hasSize(SystemChecks.all().size() + SessionChecks.all().size());
  }

  @Test
  void titlesFitTheTextReport() {
    assertThat(SystemChecks.all())
        .allSatisfy(check -> assertThat(check.title()).hasSizeLessThanOrEqualTo(29));
    assertThat(SessionChecks.all())
        .allSatisfy(check -> assertThat(check.title()).hasSizeLessThanOrEqualTo(29));
  }
}
