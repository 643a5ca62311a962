package io.vdi.operator.gate.desktop;

import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.gate.revocation.Holder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Pure: who can open a desktop. The identity rules are those of the admission webhook.
 *
 * @param adminsMayOpen whether admins open the desktops of others
 */
public record DesktopAccess(Identity identity, boolean adminsMayOpen) {
  /** Kubernetes adds it to the groups of every user, so templates can name it. */
  private static final String AUTHENTICATED = "system:authenticated";

  /** The groups of a token have at most so many characters, unless the first alone has more. */
  private static final int MAX_GROUPS_LENGTH = 300;

  /**
   * The role of a user for a desktop; empty if the user cannot open it.
   *
   * @param email as the provider has verified it
   */
  public Optional<Role> roleOf(String email, List<String> groups, Desktop desktop) {
    Caller caller = caller(email, groups);
    if (identity.isOwn(caller, desktop.user())
        && desktop.allowed().contains(desktop.user(), caller.groups())) {
      return Optional.of(Role.OWNER);
    }
    return adminsMayOpen && identity.isAdmin(caller) ? Optional.of(Role.ADMIN) : Optional.empty();
  }

  /** The access of a user to a desktop; empty if there is none. */
  public Optional<Grant> grant(Holder holder, List<String> groups, Desktop desktop) {
    return roleOf(holder.email(), groups, desktop)
        .map(role -> new Grant(role, relevant(groups, desktop), holder));
  }

  /** Whether the user still has this access. */
  public boolean isStill(Grant grant, Desktop desktop) {
    return roleOf(grant.holder().email(), grant.groups(), desktop)
        .equals(Optional.of(grant.role()));
  }

  /** Whether a session of this desktop's user is the user's own, allowed by the template or not. */
  public boolean isOwn(String email, Desktop desktop) {
    return identity.isOwn(caller(email, List.of()), desktop.user());
  }

  /**
   * The groups that can give access to the desktop. A cookie has no room for all groups, and one
   * that matters is enough.
   */
  private List<String> relevant(List<String> groups, Desktop desktop) {
    List<String> relevant = new ArrayList<>();
    int length = 0;
    for (List<String> source :
        List.of(desktop.allowed().groups(), List.copyOf(identity.adminGroups()))) {
      boolean first = true;
      for (String group : groups) {
        if (source.contains(group)
            && !relevant.contains(group)
            && (first || length + group.length() <= MAX_GROUPS_LENGTH)) {
          relevant.add(group);
          length += group.length();
          first = false;
        }
      }
    }
    return relevant;
  }

  private Caller caller(String email, List<String> groups) {
    List<String> all = new ArrayList<>(groups);
    all.add(AUTHENTICATED);
    return new Caller(identity.mapping().prefix() + email, all, Map.of());
  }
}
