package io.vdi.operator.gate.api;

import java.util.List;
import java.util.Optional;

/**
 * A part of the list of sessions.
 *
 * @param next for {@link SessionFilter#after}; empty: this is the last page
 * @param total how many sessions all pages have together
 */
public record SessionPage(List<SessionView> sessions, Optional<String> next, int total) {
  public SessionPage {
    sessions = List.copyOf(sessions);
  }
}
