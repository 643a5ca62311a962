package io.vdi.operator.gate.api;

import java.util.List;

/**
 * The caller as the operator sees them.
 *
 * @param userName the name of the user at the API server
 * @param namespace where the caller's sessions are created
 */
public record MeView(
    String email, String userName, List<String> groups, boolean isAdmin, String namespace) {
  public MeView {
    groups = List.copyOf(groups);
  }
}
