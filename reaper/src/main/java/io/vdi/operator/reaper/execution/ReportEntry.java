package io.vdi.operator.reaper.execution;

import java.time.Instant;
import java.util.Optional;

/** Something worth a line in the report. */
record ReportEntry(
    Sort sort,
    String kind,
    String namespace,
    String name,
    Optional<Instant> due,
    String reason,
    String message) {

  enum Sort {
    /** A session that ends soon. */
    ENDING,
    /** A session that should be gone and is not: dry run, brake, limit. */
    OVERDUE,
    /** A deleted session that does not go. */
    STUCK,
    /** A session of which nothing can be said. */
    UNKNOWN,
    /** An object whose session is gone. */
    ORPHAN,
    /** A home that no session has. */
    HOME
  }
}
