package io.vdi.operator.gate.desktop;

import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.gate.revocation.Holder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * Pure: who can open a desktop. The identity rules are those of the admission webhook.
 *
 * @param adminsMayOpen whether admins open the desktops of others
 * @param adminsMayWatch whether admins watch the desktops of others
 * @param links whether guests without an account watch by a link
 */
public record DesktopAccess(
    Identity identity, boolean adminsMayOpen, boolean adminsMayWatch, boolean links) {
  /** Kubernetes adds it to the groups of every user, so templates can name it. */
  private static final String AUTHENTICATED = "system:authenticated";

  /** The groups of a token have at most so many characters, unless the first alone has more. */
  private static final int MAX_GROUPS_LENGTH = 300;

  /**
   * The roles that a user can have at a desktop, the one that allows most first; none if the user
   * cannot open it. A link gives none: nobody signs in with it.
   *
   * @param email as the provider has verified it
   */
  public SequencedSet<Role> rolesOf(
      String email, List<String> groups, Desktop desktop, Instant now) {
    Caller caller = caller(email, groups);
    boolean own = identity.isOwn(caller, desktop.user());
    boolean admin = identity.isAdmin(caller);
    SequencedSet<Role> roles = new LinkedHashSet<>();
    if (own && desktop.allowed().contains(desktop.user(), caller.groups())) {
      roles.add(Role.OWNER);
      return roles;
    }
    Optional<Role> guest = own ? Optional.empty() : guest(caller, desktop, now);
    guest.filter(role -> role == Role.CONTROL).ifPresent(roles::add);
    if (adminsMayOpen && admin) {
      roles.add(Role.ADMIN);
    }
    guest.ifPresent(roles::add);
    if (adminsMayWatch && admin && !own && desktop.canShare()) {
      roles.add(Role.WATCH);
    }
    return roles;
  }

  private Optional<Role> guest(Caller caller, Desktop desktop, Instant now) {
    return desktop.shares().stream()
        .filter(share -> !share.isLink() && share.isActive(now))
        .filter(share -> identity.isOwn(caller, share.user()))
        .findFirst()
        .map(share ->
            switch (share.role()) {
              case VIEW -> Role.VIEW;
              case CONTROL -> Role.CONTROL;
            });
  }

  /**
   * The access of a user who opens a desktop; empty if there is none. Admins watch only if they say
   * so: the owner is told.
   *
   * @param watch whether an admin wants to watch
   */
  public Optional<Grant> grant(
      Holder holder, List<String> groups, Desktop desktop, boolean watch, Instant now) {
    return rolesOf(holder.email(), groups, desktop, now).stream()
        .filter(role -> (role == Role.WATCH) == watch)
        .findFirst()
        .map(role -> new Grant(role, relevant(groups, desktop), holder));
  }

  /**
   * The access of a guest who has shown the code of a link; empty if the desktop has no such link.
   *
   * @param holder its address is {@link io.vdi.operator.common.model.LinkCode#user}
   */
  public Optional<Grant> linkGrant(Holder holder, Desktop desktop, Instant now) {
    return link(holder.email(), desktop, now).map(share -> new Grant(Role.LINK, List.of(), holder));
  }

  /**
   * The share of a link that lets guests in now.
   *
   * @param linkUser {@link io.vdi.operator.common.model.LinkCode#user}
   */
  public Optional<Share> link(String linkUser, Desktop desktop, Instant now) {
    return desktop.shares().stream()
        .filter(share -> links && share.admits(linkUser, now))
        .findFirst();
  }

  /** Whether the user still has this access. */
  public boolean isStill(Grant grant, Desktop desktop, Instant now) {
    String email = grant.holder().email();
    return switch (grant.role()) {
      case LINK -> link(email, desktop, now).isPresent();
      case OWNER, ADMIN, CONTROL, VIEW, WATCH ->
          rolesOf(email, grant.groups(), desktop, now).contains(grant.role());
    };
  }

  /** Whether the portal can give this user another access. */
  public boolean mayReturn(Grant grant, Desktop desktop, Instant now) {
    return isOwn(grant.holder().email(), desktop)
        || rolesOf(grant.holder().email(), grant.groups(), desktop, now).stream()
            .anyMatch(role -> role != Role.WATCH);
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
