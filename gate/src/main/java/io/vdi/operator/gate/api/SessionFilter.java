package io.vdi.operator.gate.api;

import io.vdi.operator.common.model.Phase;
import java.util.Optional;
import java.util.Set;

/**
 * Which sessions are listed, and which part of the list. For callers who are no admins it selects
 * among the own sessions.
 *
 * @param own only sessions of the caller
 * @param user only sessions of users whose e-mail address contains this, ignoring case
 * @param namespace only sessions of this namespace
 * @param template only sessions of this template
 * @param phases only sessions in one of these; empty: in all
 * @param limit at most this number of sessions; from 1 to {@value #MAX_LIMIT}
 * @param after the {@link SessionPage#next} of the page before; empty: the first page
 */
public record SessionFilter(
    boolean own,
    Optional<String> user,
    Optional<String> namespace,
    Optional<String> template,
    Set<Phase> phases,
    int limit,
    Optional<String> after) {
  public static final int MAX_LIMIT = 500;

  public SessionFilter {
    phases = Set.copyOf(phases);
  }

  /** The first page of the caller's own sessions. */
  public static SessionFilter ofOwn() {
    return new SessionFilter(
        true,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Set.of(),
        MAX_LIMIT,
        Optional.empty());
  }
}
