package io.vdi.operator.gate.desktop;

import io.vdi.operator.common.model.TemplateLimits;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Optional;

/**
 * Whom a template allows to use it; docs/specification.md, section 4.
 *
 * @param users e-mail addresses; with no groups either, everybody is allowed
 */
public record AllowedUsers(List<String> users, List<String> groups) {
  /** A template without limits, or one that is deleted. */
  public static final AllowedUsers EVERYBODY = new AllowedUsers(List.of(), List.of());

  public AllowedUsers {
    users = List.copyOf(users);
    groups = List.copyOf(groups);
  }

  /** Those of a template. */
  public static AllowedUsers of(Optional<VdiTemplate> template) {
    return template
        .map(found -> new AllowedUsers(found.spec().allowedUsers(), found.spec().allowedGroups()))
        .orElse(EVERYBODY);
  }

  boolean contains(String email, List<String> groupsOfUser) {
    return TemplateLimits.allows(users, groups, email, groupsOfUser);
  }
}
