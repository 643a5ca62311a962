package io.vdi.operator.gate.api;

import java.util.List;

/**
 * The user who asks, as the provider has authenticated them.
 *
 * @param email verified by the provider; without the prefix of Kubernetes' user names
 * @param groups with {@code gate.oidc.groupsPrefix}
 * @param isAdmin whether a group is one of {@code identity.adminGroups}. Admins read the sessions
 *     of all users. What they write is decided by RBAC and the admission webhook
 * @param address of the client, for the audit log
 * @param signInId of the gate, for the audit log; empty text for a bearer token
 */
public record ApiUser(
    String email, List<String> groups, boolean isAdmin, String address, String signInId) {
  public ApiUser {
    groups = List.copyOf(groups);
  }

  /** A caller whose address is not known. */
  public ApiUser(String email, List<String> groups, boolean isAdmin) {
    this(email, groups, isAdmin, "", "");
  }
}
