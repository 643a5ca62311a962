package io.vdi.operator.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What depends on what, and what comes first. */
class DoctorTest {
  private static final CheckResult FINE = new CheckResult.Passed("as it should be");

  private static Check<DoctorContext> check(String name, CheckResult answer, String... after) {
    return new Check<>(name, Layer.CONTROL_PLANE, name, Set.of(after), x -> answer);
  }

  private static CheckResult found(KnownCause cause) {
    return new CheckResult.Failed(new Finding(cause, "object", "seen", Map.of()));
  }

  private static List<String> answers(List<Check<DoctorContext>> checks) {
    DoctorContext nowhere =
        new DoctorContext(
            null,
            Optional.empty(),
            false,
            false,
            Optional.empty(),
            Optional.empty(),
            InstantSource.system());
    // A check called api that fails ends it before sessions are asked for.
    List<Check<DoctorContext>> all =
        Stream.concat(checks.stream(), Stream.of(check("api", found(KnownCause.API_UNREACHABLE))))
            .toList();
    return new Doctor(nowhere, all, List.of())
        .examine(rows -> {}).rows().stream()
            .filter(row -> !row.check().equals("api"))
            .map(row ->
                switch (row.answer()) {
                  case CheckResult.Passed fine -> "ok";
                  case CheckResult.Failed(Finding finding) -> finding.cause().code();
                  case CheckResult.Skipped(String why, _) -> why;
                })
            .toList();
  }

  @Test
  void whatFailsBlocksWhatDependsOnItAndWhatDependsOnThat() {
    assertEquals(
        List.of("VDI104", "blocked by VDI104", "blocked by VDI104", "ok"),
        answers(
            List.of(
                check("first", found(KnownCause.SERVICE_STOPPED)),
                check("second", FINE, "first"),
                check("third", found(KnownCause.NO_LEADER), "second"),
                check("fourth", FINE))));
  }

  @Test
  void warningsAndWhatMayNotBeSeenBlockNothing() {
    assertEquals(
        List.of("VDI333", "ok", "you may not", "ok"),
        answers(
            List.of(
                check("clocks", found(KnownCause.CLOCKS_APART)),
                check("second", FINE, "clocks"),
                new Check<>(
                    "secret",
                    Layer.CONTROL_PLANE,
                    "secret",
                    Set.of(),
                    x -> {
                      throw new CliException(403, "you may not");
                    }),
                check("fourth", FINE, "secret"))));
  }

  @Test
  void errorsComeBeforeWarningsAndASessionsOwnBeforeWhatIsOddElsewhere() {
    Report report =
        new Report(
            List.of(
                row(Layer.CONTROL_PLANE, "", KnownCause.CLOCKS_APART),
                row(Layer.INFRASTRUCTURE, "", KnownCause.SLICING_MAP_MISSING),
                row(Layer.INFRASTRUCTURE, "default/a", KnownCause.IMAGE_NOT_PULLED),
                row(Layer.CONTROL_PLANE, "", KnownCause.SERVICE_STOPPED)));
    assertEquals(
        List.of(
            KnownCause.SERVICE_STOPPED,
            KnownCause.IMAGE_NOT_PULLED,
            KnownCause.SLICING_MAP_MISSING,
            KnownCause.CLOCKS_APART),
        report.findings().stream().map(Finding::cause).toList());
    assertEquals(2, report.exitCode(false));
    Report warning = new Report(List.of(row(Layer.CONTROL_PLANE, "", KnownCause.CLOCKS_APART)));
    assertEquals(0, warning.exitCode(false));
    assertEquals(1, warning.exitCode(true));
    assertEquals(0, new Report(List.of()).exitCode(true));
  }

  private static CheckOutcome row(Layer layer, String session, KnownCause cause) {
    return new CheckOutcome("check", layer, "Title", session, found(cause));
  }

  /** A name that no check has would block nothing for ever. */
  @Test
  void everyCheckComesAfterThoseThatItDependsOn() {
    Set<String> known = new HashSet<>();
    for (Check<DoctorContext> check : SystemChecks.all()) {
      assertEquals(Set.of(), missing(check.dependsOn(), known), check.name());
      known.add(check.name());
    }
    for (Check<SessionContext> check : SessionChecks.all()) {
      assertEquals(Set.of(), missing(check.dependsOn(), known), check.name());
      known.add(check.name());
    }
    assertEquals(SystemChecks.all().size() + SessionChecks.all().size(), known.size());
  }

  private static Set<String> missing(Set<String> wanted, Set<String> known) {
    Set<String> missing = new HashSet<>(wanted);
    missing.removeAll(known);
    return missing;
  }
}
