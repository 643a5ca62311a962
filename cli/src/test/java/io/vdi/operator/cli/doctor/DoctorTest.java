package io.vdi.operator.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vdi.operator.cli.cluster.NotSeen;
import io.vdi.operator.common.causes.Cause;
import io.vdi.operator.common.causes.Layer;
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
  private static final Answer FINE = new Answer.Fine("as it should be");

  private static Check<Examination> check(String name, Answer answer, String... after) {
    return new Check<>(name, Layer.CONTROL_PLANE, name, Set.of(after), x -> answer);
  }

  private static Answer found(Cause cause) {
    return new Answer.Found(new Finding(cause, "object", "seen", Map.of()));
  }

  private static List<String> answers(List<Check<Examination>> checks) {
    Examination nowhere =
        new Examination(
            null,
            Optional.empty(),
            false,
            false,
            Optional.empty(),
            Optional.empty(),
            InstantSource.system());
    // A check called api that fails ends it before sessions are asked for.
    List<Check<Examination>> all =
        Stream.concat(checks.stream(), Stream.of(check("api", found(Cause.API_UNREACHABLE))))
            .toList();
    return new Doctor(nowhere, all, List.of())
        .examine(rows -> {}).rows().stream()
            .filter(row -> !row.check().equals("api"))
            .map(row ->
                switch (row.answer()) {
                  case Answer.Fine fine -> "ok";
                  case Answer.Found(Finding finding) -> finding.cause().code();
                  case Answer.Skipped(String why, _) -> why;
                })
            .toList();
  }

  @Test
  void whatFailsBlocksWhatDependsOnItAndWhatDependsOnThat() {
    assertEquals(
        List.of("VDI104", "blocked by VDI104", "blocked by VDI104", "ok"),
        answers(
            List.of(
                check("first", found(Cause.SERVICE_STOPPED)),
                check("second", FINE, "first"),
                check("third", found(Cause.NO_LEADER), "second"),
                check("fourth", FINE))));
  }

  @Test
  void warningsAndWhatMayNotBeSeenBlockNothing() {
    assertEquals(
        List.of("VDI333", "ok", "you may not", "ok"),
        answers(
            List.of(
                check("clocks", found(Cause.CLOCKS_APART)),
                check("second", FINE, "clocks"),
                new Check<>(
                    "secret",
                    Layer.CONTROL_PLANE,
                    "secret",
                    Set.of(),
                    x -> {
                      throw new NotSeen(403, "you may not");
                    }),
                check("fourth", FINE, "secret"))));
  }

  @Test
  void errorsComeBeforeWarningsAndASessionsOwnBeforeWhatIsOddElsewhere() {
    Report report =
        new Report(
            List.of(
                row(Layer.CONTROL_PLANE, "", Cause.CLOCKS_APART),
                row(Layer.INFRASTRUCTURE, "", Cause.SLICING_MAP_MISSING),
                row(Layer.INFRASTRUCTURE, "default/a", Cause.IMAGE_NOT_PULLED),
                row(Layer.CONTROL_PLANE, "", Cause.SERVICE_STOPPED)));
    assertEquals(
        List.of(
            Cause.SERVICE_STOPPED,
            Cause.IMAGE_NOT_PULLED,
            Cause.SLICING_MAP_MISSING,
            Cause.CLOCKS_APART),
        report.findings().stream().map(Finding::cause).toList());
    assertEquals(2, report.exitCode(false));
    Report warning = new Report(List.of(row(Layer.CONTROL_PLANE, "", Cause.CLOCKS_APART)));
    assertEquals(0, warning.exitCode(false));
    assertEquals(1, warning.exitCode(true));
    assertEquals(0, new Report(List.of()).exitCode(true));
  }

  private static Row row(Layer layer, String session, Cause cause) {
    return new Row("check", layer, "Title", session, found(cause));
  }

  /** A name that no check has would block nothing for ever. */
  @Test
  void everyCheckComesAfterThoseThatItDependsOn() {
    Set<String> known = new HashSet<>();
    for (Check<Examination> check : SystemChecks.all()) {
      assertEquals(Set.of(), missing(check.after(), known), check.name());
      known.add(check.name());
    }
    for (Check<Patient> check : SessionChecks.all()) {
      assertEquals(Set.of(), missing(check.after(), known), check.name());
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
