package io.vdi.operator.reaper.execution;

import java.time.Instant;
import java.util.Optional;

/**
 * One entry of {@code /report}.
 *
 * @param due when the object is or was due; empty if there is no such time
 */
record ReportEntry(
    State state,
    String kind,
    String namespace,
    String name,
    Optional<Instant> due,
    String reason,
    String message) {

  /** In the order of the report. */
  enum State {
    /** A session that was warned. */
    ENDING,
    /** A session past its end that a dry run, the guard or the rate limit keeps. */
    OVERDUE,
    /** A deleted session whose finalizer is still present after {@code terminatingTimeout}. */
    STUCK,
    /** A session whose end cannot be computed. */
    UNKNOWN,
    /** A child whose session does not exist. */
    ORPHAN,
    /** A home that no session uses. */
    HOME
  }

  /** "Pod team-a/desk" */
  String object() {
    return kind + " " + namespace + "/" + name;
  }
}
