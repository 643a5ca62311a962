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

/** Looks at a session again and again until it is as it should be, and tells what changes. */
final class SessionWait {
  private static final Duration PACE = Duration.ofMillis(500);

  private SessionWait() {}

  /**
   * Waits.
   *
   * @param done of the session, or of nothing where it has gone
   * @return whether it came to that in time
   */
  static boolean until(
      Predicate<Optional<VdiSession>> done,
      ClusterAccess cluster,
      String session,
      Duration limit,
      Console console) {
    Instant end = Instant.now().plus(limit);
    String told = "";
    while (true) {
      Optional<VdiSession> seen = cluster.get(ResourceType.SESSION, cluster.namespace(), session);
      String state = seen.map(SessionWait::summary).orElse("gone");
      if (!state.equals(told)) {
        console.err().println("vdisession/" + session + ": " + TerminalSanitizer.of(state));
        told = state;
      }
      if (done.test(seen)) {
        return true;
      }
      if (!Instant.now().isBefore(end)) {
        console
            .err()
            .println(
                "error: timed out after "
                    + limit.toSeconds()
                    + " s; see kubectl vdi doctor "
                    + session);
        return false;
      }
      pause(PACE);
    }
  }

  /** Until it is worth looking again. */
  static void pause(Duration pace) {
    try {
      Thread.sleep(pace);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliException(0, "interrupted");
    }
  }

  private static String summary(VdiSession session) {
    String message = session.status().message();
    return session.status().currentPhase().map(Phase::text).orElse("accepted")
        + (message.isEmpty() ? "" : ", " + message);
  }

  /** Whether the controller has taken up the latest change. */
  static boolean isCurrent(VdiSession session) {
    return session.status().observedGeneration() == session.metadata().generation();
  }
}
