package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.TerminalSanitizer;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Predicate;

/** Polls a session until it meets a condition, and prints each change of its status. */
final class SessionWait {
  static final Duration INTERVAL = Duration.ofMillis(500);

  private SessionWait() {}

  /**
   * Waits until the condition is met or the timeout has passed.
   *
   * @param done a condition on the session, which is empty after its deletion
   * @return whether the condition was met
   */
  static boolean until(
      Predicate<Optional<VdiSession>> done,
      ClusterAccess cluster,
      String session,
      Duration timeout,
      Console console) {
    Instant end = Instant.now().plus(timeout);
    String printed = "";
    while (true) {
      Optional<VdiSession> current =
          cluster.get(ResourceType.SESSION, cluster.namespace(), session);
      String state = current.map(SessionWait::summary).orElse("deleted");
      if (!state.equals(printed)) {
        console.err().println("vdisession/" + session + ": " + TerminalSanitizer.of(state));
        printed = state;
      }
      if (done.test(current)) {
        return true;
      }
      if (!Instant.now().isBefore(end)) {
        console
            .err()
            .println(
                "error: timed out after "
                    + timeout.toSeconds()
                    + " s; run kubectl vdi doctor "
                    + session);
        return false;
      }
      pause(INTERVAL);
    }
  }

  static void pause(Duration interval) {
    try {
      Thread.sleep(interval);
    } catch (InterruptedException e) {
      throw CliException.Interrupted.restoringFlag();
    }
  }

  private static String summary(VdiSession session) {
    String message = session.status().message();
    return session.status().currentPhase().map(Phase::text).orElse("accepted")
        + (message.isEmpty() ? "" : ", " + message);
  }

  /** Whether the controller has reconciled the latest change of the spec. */
  static boolean isCurrent(VdiSession session) {
    return session.status().observedGeneration() == session.metadata().generation();
  }
}
