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
 * Runs the checks in order, each on all sessions concurrently. A check is skipped if a check that
 * it depends on has failed, so that one problem is reported once.
 */
public final class Doctor {
  private final DoctorContext context;
  private final List<Check<DoctorContext>> systemChecks;
  private final List<Check<SessionContext>> sessionChecks;
  private final List<CheckOutcome> outcomes = new ArrayList<>();

  /** By session, the problems of its checks by the check's name. Empty: checks of the operator. */
  private final Map<Optional<String>, Map<String, KnownCause>> blockers = new HashMap<>();

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
   * Runs all checks. A doctor runs once: it reads every object once and keeps what it has read.
   *
   * @param progress is called after each check with its outcomes: one, or one for each session
   * @throws CliException if the session does not exist, or the CA file cannot be used
   */
  public Report examine(Consumer<List<CheckOutcome>> progress) {
    try (RouterClient router = new RouterClient(context.router(), context.authority())) {
      for (Check<DoctorContext> check : systemChecks) {
        record(List.of(run(check, context, Optional.empty())), progress);
      }
      if (blocker(Optional.empty(), "api")
          .or(() -> blocker(Optional.empty(), "definitions"))
          .isEmpty()) {
        examineSessions(router, progress);
      }
    }
    return new Report(outcomes);
  }

  private void examineSessions(RouterClient router, Consumer<List<CheckOutcome>> progress) {
    List<SessionContext> sessions;
    try {
      sessions =
          context.sessions().stream()
              .map(session -> new SessionContext(context, session, router))
              .toList();
    } catch (CliException.ApiRejected e) {
      if (!e.isForbidden()) {
        throw e;
      }
      CheckResult skipped = new CheckResult.Skipped(e.getMessage());
      record(
          List.of(
              new CheckOutcome(
                  "sessions", Layer.INFRASTRUCTURE, "Sessions", Optional.empty(), skipped)),
          progress);
      return;
    }
    try {
      for (Check<SessionContext> check : sessionChecks) {
        record(
            Parallel.map(
                sessions, session -> run(check, session, Optional.of(session.qualifiedName()))),
            progress);
      }
    } finally {
      sessions.forEach(SessionContext::close);
    }
  }

  private <S> CheckOutcome run(Check<S> check, S subject, Optional<String> session) {
    CheckResult result =
        check.dependsOn().stream()
            .flatMap(name -> blocker(session, name).stream())
            .findFirst()
            .<CheckResult>map(CheckResult.Skipped::blockedBy)
            .orElseGet(() -> run(check.body(), subject));
    return new CheckOutcome(check.name(), check.layer(), check.title(), session, result);
  }

  static <S> CheckResult run(Check.Body<S> body, S subject) {
    try {
      return body.run(subject);
    } catch (CliException.Interrupted e) {
      throw e;
    } catch (CliException e) {
      return new CheckResult.Skipped(e.getMessage());
    } catch (RuntimeException e) {
      // Objects of other controllers may have any content; one of them must not end the doctor.
      return new CheckResult.Skipped("the check failed: " + e);
    }
  }

  private void record(List<CheckOutcome> results, Consumer<List<CheckOutcome>> progress) {
    for (CheckOutcome outcome : results) {
      blockerIn(outcome)
          .ifPresent(cause ->
              blockers
                  .computeIfAbsent(outcome.session(), key -> new HashMap<>())
                  .put(outcome.check(), cause));
    }
    outcomes.addAll(results);
    if (!results.isEmpty()) {
      progress.accept(results);
    }
  }

  /**
   * Errors block dependent checks, and so do checks that are blocked themselves. Warnings and
   * checks that were skipped for another reason do not.
   */
  private static Optional<KnownCause> blockerIn(CheckOutcome outcome) {
    return switch (outcome.answer()) {
      case CheckResult.Passed _ -> Optional.empty();
      case CheckResult.Failed(Finding finding) ->
          Optional.of(finding.cause()).filter(cause -> !cause.isWarning());
      case CheckResult.Skipped(_, Optional<KnownCause> blocker) -> blocker;
    };
  }

  /** A session depends on its own checks and on those of the operator. */
  private Optional<KnownCause> blocker(Optional<String> session, String check) {
    return Stream.of(Optional.<String>empty(), session)
        .flatMap(subject ->
            Optional.ofNullable(blockers.getOrDefault(subject, Map.of()).get(check)).stream())
        .findFirst();
  }
}
