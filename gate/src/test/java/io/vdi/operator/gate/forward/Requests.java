package io.vdi.operator.gate.forward;

import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.gate.desktop.AllowedUsers;
import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.desktop.DesktopAccess;
import io.vdi.operator.gate.desktop.Grant;
import io.vdi.operator.gate.desktop.Role;
import io.vdi.operator.gate.revocation.Holder;
import io.vdi.operator.gate.ticket.DesktopPass;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Requests, desktops and passes for the tests of this package. */
final class Requests {
  static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
  static final Identity IDENTITY =
      new Identity(
          Identity.Mode.ENFORCE, Set.of("admins"), Set.of(), new IdentityMapping(Map.of(), "", ""));
  static final ForwardRules RULES =
      new ForwardRules(new DesktopAccess(IDENTITY, false, false, false), Duration.ofMinutes(15));

  private Requests() {}

  static Desktop desktop(String user) {
    return new Desktop(
        new SessionKey("desks", user),
        "uid-" + user,
        user + "@example.com",
        "base",
        AllowedUsers.EVERYBODY,
        URI.create("https://" + user + ".example.com"),
        new Desktop.Running(),
        true,
        List.of());
  }

  /** A desktop with guests. */
  static Desktop shared(String user, List<Share> shares) {
    Desktop desktop = desktop(user);
    return new Desktop(
        desktop.session(),
        desktop.uid(),
        desktop.user(),
        desktop.template(),
        desktop.allowed(),
        desktop.origin(),
        desktop.state(),
        true,
        shares);
  }

  /** The same desktop in another state. */
  static Desktop in(Desktop.State state, Desktop desktop) {
    return new Desktop(
        desktop.session(),
        desktop.uid(),
        desktop.user(),
        desktop.template(),
        desktop.allowed(),
        desktop.origin(),
        state,
        desktop.canShare(),
        desktop.shares());
  }

  static DesktopPass pass(String user, Desktop desktop) {
    return new DesktopPass(desktop.authority(), desktop.uid(), grant(Role.OWNER, user), NOW);
  }

  static Grant grant(Role role, String user, String... groups) {
    return new Grant(role, List.of(groups), holder(user));
  }

  /** The same for a holder of this address, such as the user of a link. */
  static Grant grantOf(Role role, String email, String... groups) {
    return new Grant(role, List.of(groups), holderOf(email, email));
  }

  static Holder holder(String user) {
    return holderOf(user, user + "@example.com");
  }

  private static Holder holderOf(String user, String email) {
    return new Holder(
        "sign-in-" + user,
        Optional.empty(),
        "sub-" + user,
        email,
        NOW.minusSeconds(600),
        NOW.plusSeconds(6000));
  }

  static ForwardRequest navigation(Desktop desktop, String uri) {
    return new ForwardRequest(
        desktop.authority(),
        "GET",
        uri,
        Optional.empty(),
        Optional.of("none"),
        Optional.of("navigate"),
        Optional.of("document"),
        true,
        false,
        true);
  }

  static ForwardRequest fetch(Desktop desktop, String method, String origin, String site) {
    return new ForwardRequest(
        desktop.authority(),
        method,
        "/api/status",
        origin.isEmpty() ? Optional.empty() : Optional.of(origin),
        site.isEmpty() ? Optional.empty() : Optional.of(site),
        Optional.of("cors"),
        Optional.of("empty"),
        false,
        false,
        false);
  }

  static ForwardRequest webSocket(Desktop desktop, String origin) {
    return new ForwardRequest(
        desktop.authority(),
        "GET",
        "/api/websockets",
        origin.isEmpty() ? Optional.empty() : Optional.of(origin),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        false,
        true,
        false);
  }
}
