package io.vdi.operator.gate.desktop;

import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.identity.Identity;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Pure: who can open a desktop. The identity rules are those of the admission webhook.
 *
 * @param adminsMayOpen whether admins open the desktops of others
 */
public record DesktopAccess(Identity identity, boolean adminsMayOpen) {
  /**
   * The role of a user for a desktop; empty if the user cannot open it.
   *
   * @param email as the provider has verified it
   */
  public Optional<Role> roleOf(String email, List<String> groups, Desktop desktop) {
    Caller caller = new Caller(identity.mapping().prefix() + email, groups, Map.of());
    if (identity.isOwn(caller, desktop.user())) {
      return Optional.of(Role.OWNER);
    }
    return adminsMayOpen && identity.isAdmin(caller) ? Optional.of(Role.ADMIN) : Optional.empty();
  }

  /** Whether a user who got this role when the desktop was opened still has it. */
  public boolean isStill(Role role, String email, Desktop desktop) {
    return switch (role) {
      case OWNER -> roleOf(email, List.of(), desktop).equals(Optional.of(Role.OWNER));
      case ADMIN -> adminsMayOpen;
    };
  }
}
