package io.vdi.operator.gate.forward;

import static io.vdi.operator.gate.forward.Requests.NOW;
import static io.vdi.operator.gate.forward.Requests.RULES;
import static io.vdi.operator.gate.forward.Requests.desktop;
import static io.vdi.operator.gate.forward.Requests.fetch;
import static io.vdi.operator.gate.forward.Requests.grant;
import static io.vdi.operator.gate.forward.Requests.navigation;
import static io.vdi.operator.gate.forward.Requests.pass;
import static io.vdi.operator.gate.forward.Requests.webSocket;
import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.gate.desktop.AllowedUsers;
import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.desktop.DesktopAccess;
import io.vdi.operator.gate.desktop.DesktopLookup;
import io.vdi.operator.gate.desktop.Role;
import io.vdi.operator.gate.http.PageText;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.ticket.DesktopPass;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForwardRulesTest {
  private static final String OWN = "https://alice.example.com";
  private static final String SIBLING = "https://bob.example.com";

  private final Desktop alice = desktop("alice");
  private final Optional<DesktopPass> pass = Optional.of(pass("alice", alice));

  @Test
  @DisplayName("the owner's page, fetch and WebSocket pass")
  void owner() {
    assertThat(decide(navigation(alice, "/"))).isInstanceOf(ForwardDecision.Allow.class);
    assertThat(decide(fetch(alice, "POST", OWN, "same-origin")))
        .isInstanceOf(ForwardDecision.Allow.class);
    assertThat(decide(fetch(alice, "GET", "", "same-origin")))
        .isInstanceOf(ForwardDecision.Allow.class);
    assertThat(decide(webSocket(alice, OWN))).isInstanceOf(ForwardDecision.Allow.class);
  }

  @Test
  @DisplayName("without a pass a page is sent to the portal, and all else gets 401")
  void noPass() {
    assertThat(decide(navigation(alice, "/x?y"), Optional.empty()))
        .isEqualTo(new ForwardDecision.ToPortal(alice, new ReturnPath("/x?y"), true));
    assertThat(decide(fetch(alice, "GET", "", "same-origin"), Optional.empty()))
        .isInstanceOf(ForwardDecision.Unauthorized.class);
    assertThat(decide(webSocket(alice, OWN), Optional.empty()))
        .isInstanceOf(ForwardDecision.Unauthorized.class);
    assertThat(decide(navigation(alice, "/" + "x".repeat(9000)), Optional.empty()))
        .isEqualTo(new ForwardDecision.ToPortal(alice, ReturnPath.ROOT, true));
  }

  @Test
  @DisplayName(
      "the page of a desktop that does not run is sent to the portal, unless a pass is new")
  void stopped() {
    Desktop asleep = Requests.in(new Desktop.Stopped(NOW.minusSeconds(60)), alice);
    DesktopLookup lookup = new DesktopLookup.Found(asleep);
    Instant later = NOW.plusSeconds(60);
    assertThat(RULES.decide(navigation(alice, "/x"), lookup, pass, later))
        .isEqualTo(new ForwardDecision.ToPortal(asleep, new ReturnPath("/x"), true));
    Desktop justStopped = Requests.in(new Desktop.Stopped(NOW.plusSeconds(1)), alice);
    assertThat(
            RULES.decide(
                navigation(alice, "/x"),
                new DesktopLookup.Found(justStopped),
                pass,
                NOW.plusSeconds(2)))
        .isInstanceOf(ForwardDecision.ToPortal.class);
    // Another replica has just issued the pass, so it knows that the desktop runs.
    assertThat(RULES.decide(navigation(alice, "/x"), lookup, pass, NOW.plusSeconds(5)))
        .isInstanceOf(ForwardDecision.Allow.class);
    assertThat(RULES.decide(webSocket(alice, OWN), lookup, pass, NOW.plusSeconds(800)))
        .as("the pass of an open page is not renewed")
        .isEqualTo(new ForwardDecision.Allow(asleep, pass.get(), false));
  }

  @ParameterizedTest
  @CsvSource({
    "GET, '', same-site",
    "GET, '', cross-site",
    "GET, https://bob.example.com, ''",
    "POST, https://bob.example.com, same-site",
    "POST, '', ''",
    "POST, null, cross-site",
    "DELETE, https://alice.example.com.evil.example, ''",
    "POST, http://alice.example.com, ''"
  })
  @DisplayName("a sibling desktop, which is the same site, cannot send requests with the cookie")
  void crossSite(String method, String origin, String site) {
    assertThat(decide(fetch(alice, method, origin, site)))
        .isInstanceOf(ForwardDecision.Forbidden.class);
  }

  @Test
  @DisplayName("a guest who watches reads and connects, and changes nothing")
  void watching() {
    Desktop shared = Requests.shared("alice", List.of(new Share("bob@example.com", null, null)));
    Optional<DesktopPass> view = Optional.of(passAs(Role.VIEW, "bob", shared));
    assertThat(decide(navigation(shared, "/"), shared, view))
        .isInstanceOf(ForwardDecision.Allow.class);
    assertThat(decide(webSocket(shared, OWN), shared, view))
        .isInstanceOf(ForwardDecision.Allow.class);
    for (String method : new String[] {"POST", "DELETE", "PUT", "PATCH", "get"}) {
      assertThat(decide(fetch(shared, method, OWN, "same-origin"), shared, view))
          .as(method)
          .isInstanceOf(ForwardDecision.Forbidden.class);
    }
  }

  @Test
  @DisplayName(
      "a guest whose role has changed comes back by the portal; without a share, not at all")
  void changedShare() {
    Desktop shared =
        Requests.shared("alice", List.of(new Share("bob@example.com", ShareRole.CONTROL, null)));
    Optional<DesktopPass> former = Optional.of(passAs(Role.VIEW, "bob", shared));
    assertThat(decide(navigation(shared, "/"), shared, former))
        .isInstanceOf(ForwardDecision.ToPortal.class);
    assertThat(decide(webSocket(shared, OWN), shared, former))
        .isInstanceOf(ForwardDecision.Unauthorized.class);
    assertThat(decide(navigation(alice, "/"), alice, former))
        .isEqualTo(new ForwardDecision.Forbidden(PageText.SHARE_ENDED));
    assertThat(decide(webSocket(alice, OWN), alice, former))
        .isInstanceOf(ForwardDecision.Forbidden.class);
  }

  @Test
  @DisplayName("an admin who watches goes by the portal, also with another pass")
  void adminWatches() {
    assertThat(decide(navigation(alice, "/.vdi/watch")))
        .isEqualTo(new ForwardDecision.ToWatch(alice));
    assertThat(decide(fetch(alice, "GET", "", "same-origin")))
        .isInstanceOf(ForwardDecision.Allow.class);
    ForwardRules rules =
        new ForwardRules(
            new DesktopAccess(Requests.IDENTITY, false, true, false), Duration.ofMinutes(15));
    Optional<DesktopPass> watch =
        Optional.of(
            new DesktopPass(
                alice.authority(), alice.uid(), grant(Role.WATCH, "root", "admins"), NOW));
    DesktopLookup lookup = new DesktopLookup.Found(alice);
    assertThat(rules.decide(navigation(alice, "/"), lookup, watch, NOW))
        .isInstanceOf(ForwardDecision.Allow.class);
    assertThat(RULES.decide(navigation(alice, "/"), lookup, watch, NOW))
        .as("adminWatch: off")
        .isInstanceOf(ForwardDecision.Forbidden.class);
  }

  @Test
  @DisplayName("the guest of a link goes by the portal, and again when coming from another page")
  void link() {
    String user = "link:" + "A".repeat(43);
    Desktop linked =
        Requests.shared("alice", List.of(new Share(user, ShareRole.VIEW, NOW.plusSeconds(60))));
    ForwardRules rules =
        new ForwardRules(
            new DesktopAccess(Requests.IDENTITY, false, false, true), Duration.ofMinutes(15));
    DesktopLookup lookup = new DesktopLookup.Found(linked);
    Optional<DesktopPass> pass =
        Optional.of(
            new DesktopPass(
                linked.authority(), linked.uid(), Requests.grantOf(Role.LINK, user), NOW));
    assertThat(rules.decide(navigation(linked, "/.vdi/link"), lookup, pass, NOW))
        .isEqualTo(new ForwardDecision.ToLink(linked));
    assertThat(RULES.decide(navigation(linked, "/.vdi/link"), lookup, pass, NOW))
        .as("links: off")
        .isInstanceOf(ForwardDecision.NotFound.class);
    assertThat(rules.decide(fetch(linked, "GET", "", "same-origin"), lookup, pass, NOW))
        .isInstanceOf(ForwardDecision.Allow.class);
    ForwardRequest reload = navigation(linked, "/");
    ForwardRequest fromPortal =
        new ForwardRequest(
            linked.authority(),
            "GET",
            "/",
            Optional.empty(),
            Optional.of("same-site"),
            Optional.of("navigate"),
            Optional.of("document"),
            true,
            false,
            true);
    Instant later = NOW.plusSeconds(30);
    assertThat(rules.decide(reload, lookup, pass, later)).isInstanceOf(ForwardDecision.Allow.class);
    assertThat(rules.decide(fromPortal, lookup, pass, later))
        .as("the sign-in there can give more")
        .isInstanceOf(ForwardDecision.ToPortal.class);
    assertThat(rules.decide(fromPortal, lookup, pass, NOW.plusSeconds(10)))
        .as("with the pass of this way, in no circle")
        .isInstanceOf(ForwardDecision.Allow.class);
    assertThat(rules.decide(reload, lookup, pass, NOW.plusSeconds(60)))
        .isEqualTo(new ForwardDecision.Forbidden(PageText.LINK_ENDED));
  }

  private static ForwardDecision decide(
      ForwardRequest request, Desktop desktop, Optional<DesktopPass> pass) {
    return RULES.decide(request, new DesktopLookup.Found(desktop), pass, NOW);
  }

  private static DesktopPass passAs(Role role, String user, Desktop desktop) {
    return new DesktopPass(desktop.authority(), desktop.uid(), grant(role, user), NOW);
  }

  @Test
  @DisplayName("only the desktop's own page opens a WebSocket")
  void webSockets() {
    for (String origin : new String[] {"", SIBLING, "null", OWN + ":8443", OWN + "."}) {
      assertThat(decide(webSocket(alice, origin))).isInstanceOf(ForwardDecision.Forbidden.class);
    }
  }

  @Test
  @DisplayName("another site can link to a desktop, but not put it into a frame")
  void frames() {
    ForwardRequest link =
        new ForwardRequest(
            alice.authority(),
            "GET",
            "/",
            Optional.empty(),
            Optional.of("cross-site"),
            Optional.of("navigate"),
            Optional.of("document"),
            true,
            false,
            true);
    assertThat(decide(link)).isInstanceOf(ForwardDecision.Allow.class);
    ForwardRequest frame =
        new ForwardRequest(
            alice.authority(),
            "GET",
            "/",
            Optional.empty(),
            Optional.of("same-site"),
            Optional.of("navigate"),
            Optional.of("iframe"),
            true,
            false,
            false);
    assertThat(decide(frame)).isInstanceOf(ForwardDecision.Forbidden.class);
  }

  @Test
  @DisplayName("a pass is for one host and one session")
  void otherSession() {
    Desktop bob = desktop("bob");
    assertThat(decide(webSocket(alice, OWN), Optional.of(pass("alice", bob))))
        .isInstanceOf(ForwardDecision.Unauthorized.class);
    DesktopPass former =
        new DesktopPass(alice.authority(), "former", grant(Role.OWNER, "alice"), NOW);
    assertThat(decide(webSocket(alice, OWN), Optional.of(former)))
        .isInstanceOf(ForwardDecision.Unauthorized.class);
  }

  @Test
  @DisplayName("a pass of somebody who does not own the session gets 403")
  void notOwner() {
    assertThat(decide(navigation(alice, "/"), Optional.of(pass("bob", alice))))
        .isInstanceOf(ForwardDecision.Forbidden.class);
  }

  @Test
  @DisplayName("an admin's pass counts only while the setting allows it")
  void admins() {
    Optional<DesktopPass> admin =
        Optional.of(
            new DesktopPass(
                alice.authority(), alice.uid(), grant(Role.ADMIN, "root", "admins"), NOW));
    assertThat(decide(navigation(alice, "/"), admin)).isInstanceOf(ForwardDecision.Forbidden.class);
    ForwardRules open =
        new ForwardRules(
            new DesktopAccess(Requests.IDENTITY, true, false, false), Duration.ofMinutes(15));
    assertThat(open.decide(navigation(alice, "/"), new DesktopLookup.Found(alice), admin, NOW))
        .isInstanceOf(ForwardDecision.Allow.class);
  }

  @Test
  @DisplayName("a template that allows the owner no more closes the desktop")
  void templates() {
    Desktop staffOnly =
        alice.with(new AllowedUsers(List.of("bob@example.com"), List.of("staff", "ops")));
    DesktopPass staff =
        new DesktopPass(alice.authority(), alice.uid(), grant(Role.OWNER, "alice", "staff"), NOW);
    assertThat(decide(navigation(alice, "/"), staffOnly, staff))
        .isInstanceOf(ForwardDecision.Allow.class);
    Desktop opsOnly = alice.with(new AllowedUsers(List.of(), List.of("ops")));
    assertThat(decide(webSocket(alice, OWN), opsOnly, staff))
        .isInstanceOf(ForwardDecision.Forbidden.class);
    // The portal knows whether the user is in ops.
    assertThat(decide(navigation(alice, "/"), opsOnly, staff))
        .isInstanceOf(ForwardDecision.ToPortal.class);
    assertThat(
            decide(
                webSocket(alice, OWN),
                alice.with(new AllowedUsers(List.of(), List.of("system:authenticated"))),
                staff))
        .isInstanceOf(ForwardDecision.Allow.class);
  }

  private static ForwardDecision decide(ForwardRequest request, Desktop desktop, DesktopPass with) {
    return RULES.decide(request, new DesktopLookup.Found(desktop), Optional.of(with), NOW);
  }

  @Test
  @DisplayName("an unknown host and a deleted session are 404; unknown sessions are 503")
  void hosts() {
    ForwardRequest request = navigation(alice, "/");
    assertThat(RULES.decide(request, new DesktopLookup.Unknown(), pass, NOW))
        .isInstanceOf(ForwardDecision.NotFound.class);
    Desktop deleting = Requests.in(new Desktop.Deleting(), alice);
    assertThat(RULES.decide(request, new DesktopLookup.Found(deleting), pass, NOW))
        .isInstanceOf(ForwardDecision.NotFound.class);
    assertThat(RULES.decide(request, new DesktopLookup.Undecided("outage"), pass, NOW))
        .isEqualTo(new ForwardDecision.Unavailable("outage"));
  }

  @Test
  @DisplayName("the reserved paths never reach the pod")
  void reserved() {
    assertThat(decide(navigation(alice, "/.vdi/ticket?t=x")))
        .isInstanceOf(ForwardDecision.TakeTicket.class);
    assertThat(decide(navigation(alice, "/.vdi/other")))
        .isInstanceOf(ForwardDecision.NotFound.class);
    assertThat(decide(navigation(alice, "/.vdi/" + "x".repeat(5000))))
        .isInstanceOf(ForwardDecision.NotFound.class);
  }

  @Test
  @DisplayName("a pass is renewed after a third of its life, and never beyond the sign-in")
  void renewal() {
    DesktopPass fresh = pass("alice", alice);
    assertThat(allow(fresh, NOW.plusSeconds(299)).renew()).isFalse();
    assertThat(allow(fresh, NOW.plusSeconds(300)).renew()).isTrue();
    assertThat(fresh.renewed(NOW.plusSeconds(5900)).expires(Duration.ofMinutes(15)))
        .isEqualTo(fresh.grant().holder().expiresAt());
    assertThat(
            RULES.decide(
                webSocket(alice, OWN), new DesktopLookup.Found(alice), pass, NOW.plusSeconds(6000)))
        .isInstanceOf(ForwardDecision.Unauthorized.class);
  }

  private ForwardDecision.Allow allow(DesktopPass of, Instant at) {
    return (ForwardDecision.Allow)
        RULES.decide(navigation(alice, "/"), new DesktopLookup.Found(alice), Optional.of(of), at);
  }

  private ForwardDecision decide(ForwardRequest request) {
    return decide(request, pass);
  }

  private ForwardDecision decide(ForwardRequest request, Optional<DesktopPass> with) {
    return RULES.decide(request, new DesktopLookup.Found(alice), with, NOW);
  }
}
