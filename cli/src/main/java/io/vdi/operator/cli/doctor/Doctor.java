package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
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
  private final DoctorContext context;
  private final List<Check<DoctorContext>> systemChecks;
  private final List<Check<SessionContext>> sessionChecks;
  private final List<CheckOutcome> rows = new ArrayList<>();

  /** By subject, the code that blocks what depends on a check; a session's name, or empty. */
  private final Map<String, Map<String, KnownCause>> blocked = new HashMap<>();

  /**
   * @param context what to check
   */
  public Doctor(DoctorContext context) {
    this(context.snapshot(), SystemChecks.all(), SessionChecks.all());
  }

  Doctor(
      DoctorContext context,
      List<Check<DoctorContext>> systemChecks,
      List<Check<SessionContext>> sessionChecks) {
    this.context = context;
    this.systemChecks = systemChecks;
    this.sessionChecks = sessionChecks;
  }

  /**
   * Works through everything, as it is now.
   *
   * @param progress is told of each check when all its answers are there
   * @throws CliException where the session to be looked at does not exist
   */
  public Report examine(Consumer<List<CheckOutcome>> progress) {
    for (Check<DoctorContext> check : systemChecks) {
      CheckOutcome row = run(check, context, "");
      record(List.of(row), progress);
    }
    if (isBlocked("", "api") || isBlocked("", "definitions")) {
      return new Report(rows);
    }
    try (RouterClient router = new RouterClient(context.router(), context.authority())) {
      List<SessionContext> contexts =
          context.sessions().stream()
              .map(session -> new SessionContext(context, session, router))
              .toList();
      try {
        for (Check<SessionContext> check : sessionChecks) {
          record(
              Parallel.map(contexts, context -> run(check, context, context.qualifiedName())),
              progress);
        }
      } finally {
        contexts.forEach(SessionContext::close);
      }
    } catch (CliException e) {
      if (!e.isForbidden()) {
        throw e;
      }
      record(
          List.of(
              new CheckOutcome(
                  "sessions",
                  Layer.INFRASTRUCTURE,
                  "Sessions",
                  "",
                  new CheckResult.Skipped(e.getMessage()))),
          progress);
    }
    return new Report(rows);
  }

  private <S> CheckOutcome run(Check<S> check, S subject, String session) {
    Optional<KnownCause> blocker =
        check.dependsOn().stream().flatMap(name -> blocker(session, name).stream()).findFirst();
    CheckResult answer;
    if (blocker.isPresent()) {
      answer = CheckResult.Skipped.blockedBy(blocker.get());
    } else {
      try {
        answer = check.body().run(subject);
      } catch (CliException e) {
        answer = new CheckResult.Skipped(e.getMessage());
      } catch (RuntimeException e) {
        // What a cluster holds may be of any shape; one odd object must not end the context.
        answer = new CheckResult.Skipped("could not be asked: " + e);
      }
    }
    return new CheckOutcome(check.name(), check.layer(), check.title(), session, answer);
  }

  private void record(List<CheckOutcome> asked, Consumer<List<CheckOutcome>> progress) {
    for (CheckOutcome row : asked) {
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
  private static Optional<KnownCause> causeOf(CheckOutcome row) {
    return switch (row.answer()) {
      case CheckResult.Failed(Finding finding) when !finding.cause().isWarning() ->
          Optional.of(finding.cause());
      case CheckResult.Skipped(_, Optional<KnownCause> blocker) -> blocker;
      default -> Optional.empty();
    };
  }

  private boolean isBlocked(String session, String check) {
    return blocker(session, check).isPresent();
  }

  /** A session depends on its own checks and on the system's. */
  private Optional<KnownCause> blocker(String session, String check) {
    return Stream.of("", session)
        .flatMap(subject ->
            Optional.ofNullable(blocked.getOrDefault(subject, Map.of()).get(check)).stream())
        .findFirst();
  }
}
