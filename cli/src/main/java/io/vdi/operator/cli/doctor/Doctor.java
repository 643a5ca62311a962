package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.cluster.NotSeen;
import io.vdi.operator.common.causes.Cause;
import io.vdi.operator.common.causes.Layer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Asks one check after the other, each of all sessions at once, and skips what cannot be asked
 * because of what was found before.
 */
public final class Doctor {
  private final Examination examination;
  private final List<Check<Examination>> systemChecks;
  private final List<Check<Patient>> sessionChecks;
  private final List<Row> rows = new ArrayList<>();

  /** By subject, the code that blocks what depends on a check; a session's name, or empty. */
  private final Map<String, Map<String, Cause>> blocked = new HashMap<>();

  /**
   * @param examination what is examined
   */
  public Doctor(Examination examination) {
    this(examination.snapshot(), SystemChecks.all(), SessionChecks.all());
  }

  Doctor(
      Examination examination,
      List<Check<Examination>> systemChecks,
      List<Check<Patient>> sessionChecks) {
    this.examination = examination;
    this.systemChecks = systemChecks;
    this.sessionChecks = sessionChecks;
  }

  /**
   * Works through everything, as it is now.
   *
   * @param progress is told of each check when all its answers are there
   * @throws NotSeen where the session to be looked at does not exist
   */
  public Report examine(Consumer<List<Row>> progress) {
    for (Check<Examination> check : systemChecks) {
      Row row = ask(check, examination, "");
      note(List.of(row), progress);
    }
    if (isBlocked("", "api") || isBlocked("", "definitions")) {
      return new Report(rows);
    }
    try (Visit visit = new Visit(examination.router(), examination.authority())) {
      List<Patient> patients =
          examination.sessions().stream()
              .map(session -> new Patient(examination, session, visit))
              .toList();
      try {
        for (Check<Patient> check : sessionChecks) {
          note(AtOnce.map(patients, patient -> ask(check, patient, patient.name())), progress);
        }
      } finally {
        patients.forEach(Patient::close);
      }
    } catch (NotSeen e) {
      if (!e.isForbidden()) {
        throw e;
      }
      note(
          List.of(
              new Row(
                  "sessions",
                  Layer.INFRASTRUCTURE,
                  "Sessions",
                  "",
                  new Answer.Skipped(e.getMessage()))),
          progress);
    }
    return new Report(rows);
  }

  private <S> Row ask(Check<S> check, S subject, String session) {
    Optional<Cause> blocker =
        check.after().stream().flatMap(name -> blocker(session, name).stream()).findFirst();
    Answer answer;
    if (blocker.isPresent()) {
      answer = Answer.Skipped.blockedBy(blocker.get());
    } else {
      try {
        answer = check.question().ask(subject);
      } catch (NotSeen e) {
        answer = new Answer.Skipped(e.getMessage());
      } catch (RuntimeException e) {
        // What a cluster holds may be of any shape; one odd object must not end the examination.
        answer = new Answer.Skipped("could not be asked: " + e);
      }
    }
    return new Row(check.name(), check.layer(), check.title(), session, answer);
  }

  private void note(List<Row> asked, Consumer<List<Row>> progress) {
    for (Row row : asked) {
      causeOf(row)
          .ifPresent(cause ->
              blocked
                  .computeIfAbsent(row.session(), key -> new HashMap<>())
                  .put(row.check(), cause));
    }
    rows.addAll(asked);
    if (!asked.isEmpty()) {
      progress.accept(asked);
    }
  }

  /** What fails, and what is skipped because something failed, blocks what depends on it. */
  private static Optional<Cause> causeOf(Row row) {
    return switch (row.answer()) {
      case Answer.Found(Finding finding) when !finding.cause().isWarning() ->
          Optional.of(finding.cause());
      case Answer.Skipped(_, Optional<Cause> blocker) -> blocker;
      default -> Optional.empty();
    };
  }

  private boolean isBlocked(String session, String check) {
    return blocker(session, check).isPresent();
  }

  /** A session depends on its own checks and on the system's. */
  private Optional<Cause> blocker(String session, String check) {
    return Stream.of("", session)
        .flatMap(subject ->
            Optional.ofNullable(blocked.getOrDefault(subject, Map.of()).get(check)).stream())
        .findFirst();
  }
}
