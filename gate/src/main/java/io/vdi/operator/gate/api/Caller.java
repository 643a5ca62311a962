package io.vdi.operator.gate.api;

import java.util.List;

/**
 * The user who asks, as the provider has authenticated them.
 *
 * @param email verified by the provider; without the prefix of Kubernetes' user names
 * @param groups with {@code gate.oidc.groupsPrefix}
 * @param isAdmin whether a group is one of {@code identity.adminGroups}. Admins read the sessions
 *     of all users. What they write is decided by RBAC and the admission webhook
 */
public record Caller(String email, List<String> groups, boolean isAdmin) {
  public Caller {
    groups = List.copyOf(groups);
  }
}
