package io.vdi.operator.gate.forward;

import static io.vdi.operator.gate.forward.Requests.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.desktop.DesktopAccess;
import io.vdi.operator.gate.desktop.DesktopLookup;
import io.vdi.operator.gate.desktop.Role;
import io.vdi.operator.gate.ticket.DesktopPass;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class ForwardRulesProperties {
  private static final List<String> USERS = List.of("alice", "bob", "carol");
  private static final List<String> LINKS =
      List.of("link:" + "A".repeat(43), "link:" + "A".repeat(42) + "E", "LINK:" + "A".repeat(43));
  private static final List<String> HOLDERS =
      Stream.concat(USERS.stream().map(user -> user + "@example.com"), LINKS.stream()).toList();

  /**
   * No request that carries bob's pass, whatever else it has, gets into alice's desktop, unless she
   * shares it with him now, in this role, or he is an admin who may. The same is true for the guest
   * of a link, who only watches, until its end, and if links are allowed. Who only watches changes
   * nothing.
   */
  @Property(tries = 2000, edgeCases = EdgeCasesMode.NONE)
  void onlyTheOwnersPassOpensADesktop(
      @ForAll("requests") ForwardRequest request,
      @ForAll("lookups") DesktopLookup lookup,
      @ForAll("passes") Optional<DesktopPass> pass,
      @ForAll boolean adminsMayOpen,
      @ForAll boolean adminsMayWatch,
      @ForAll boolean links) {
    ForwardRules rules =
        new ForwardRules(
            new DesktopAccess(Requests.IDENTITY, adminsMayOpen, adminsMayWatch, links),
            Duration.ofMinutes(15));
    if (rules.decide(request, lookup, pass, NOW)
        instanceof ForwardDecision.Allow(Desktop desktop, DesktopPass granted, boolean renew)) {
      assertThat(lookup).isEqualTo(new DesktopLookup.Found(desktop));
      assertThat(pass).contains(granted);
      assertThat(granted.sessionUid()).isEqualTo(desktop.uid());
      assertThat(granted.authority()).isEqualTo(desktop.authority());
      assertThat(desktop.state()).isNotInstanceOf(Desktop.Deleting.class);
      String email = granted.grant().holder().email();
      boolean isAdmin = granted.grant().groups().contains("admins");
      boolean may =
          switch (granted.grant().role()) {
            case OWNER -> email.equals(desktop.user());
            case ADMIN -> adminsMayOpen && isAdmin;
            case WATCH -> adminsMayWatch && isAdmin && !email.equals(desktop.user());
            case LINK -> links && isLinked(desktop, email);
            case CONTROL -> isShared(desktop, email, ShareRole.CONTROL);
            case VIEW -> isShared(desktop, email, ShareRole.VIEW);
          };
      assertThat(may).isTrue();
      if (granted.grant().role().onlyWatches()) {
        assertThat(request.method()).isIn("GET", "HEAD", "OPTIONS");
      }
    }
  }

  private static boolean isShared(Desktop desktop, String email, ShareRole role) {
    return !email.startsWith("link:")
        && !email.equals(desktop.user())
        && desktop.shares().stream()
            .filter(share -> share.user().equals(email) && share.isActive(NOW))
            .limit(1)
            .anyMatch(share -> share.role() == role);
  }

  private static boolean isLinked(Desktop desktop, String user) {
    return user.startsWith("link:")
        && desktop.shares().stream()
            .anyMatch(share ->
                share.user().equals(user)
                    && share.role() == ShareRole.VIEW
                    && share.end().filter(end -> end.isAfter(NOW)).isPresent());
  }

  /** The guest of a link with the right pass gets in, until exactly the end of the link. */
  @Property(edgeCases = EdgeCasesMode.NONE)
  void theGuestOfALinkGetsInUntilItEnds(
      @ForAll Role role,
      @ForAll ShareRole shared,
      @ForAll("links") String link,
      @ForAll("links") String shown,
      @ForAll boolean links,
      @ForAll @IntRange(min = -2, max = 2) int second) {
    Desktop alice =
        Requests.shared("alice", List.of(new Share(link, shared, NOW.plusSeconds(second))));
    ForwardDecision decision =
        new ForwardRules(
                new DesktopAccess(Requests.IDENTITY, true, true, links), Duration.ofMinutes(15))
            .decide(
                Requests.webSocket(alice, alice.origin().toString()),
                new DesktopLookup.Found(alice),
                Optional.of(
                    new DesktopPass(
                        alice.authority(), alice.uid(), Requests.grantOf(role, shown), NOW)),
                NOW);
    assertThat(decision instanceof ForwardDecision.Allow)
        .isEqualTo(
            links
                && role == Role.LINK
                && shared == ShareRole.VIEW
                && second > 0
                && link.startsWith("link:")
                && shown.equals(link));
  }

  @Provide
  Arbitrary<String> links() {
    return Arbitraries.of(LINKS);
  }

  /** A guest with the right pass gets in, until exactly the end of the share. */
  @Property(edgeCases = EdgeCasesMode.NONE)
  void aGuestGetsInUntilTheShareEnds(
      @ForAll ShareRole shared,
      @ForAll Role role,
      @ForAll @IntRange(min = -2, max = 2) int second) {
    Share share = new Share("bob@example.com", shared, NOW.plusSeconds(second));
    Desktop alice = Requests.shared("alice", List.of(share));
    DesktopPass pass =
        new DesktopPass(alice.authority(), alice.uid(), Requests.grant(role, "bob"), NOW);
    ForwardDecision decision =
        Requests.RULES.decide(
            Requests.webSocket(alice, alice.origin().toString()),
            new DesktopLookup.Found(alice),
            Optional.of(pass),
            NOW);
    assertThat(decision instanceof ForwardDecision.Allow)
        .isEqualTo(second > 0 && role.name().equals(shared.name()));
  }

  /** Whatever a page of bob's desktop makes the browser of alice send, it does not reach hers. */
  @Property(tries = 2000, edgeCases = EdgeCasesMode.NONE)
  void nothingThatASiblingStartsPasses(@ForAll("requests") ForwardRequest request) {
    Desktop alice = Requests.desktop("alice");
    boolean foreign =
        request.origin().filter(origin -> !origin.equals(alice.origin().toString())).isPresent()
            || request.fetchSite().filter(site -> site.endsWith("-site")).isPresent();
    ForwardDecision decision =
        Requests.RULES.decide(
            request,
            new DesktopLookup.Found(alice),
            Optional.of(Requests.pass("alice", alice)),
            NOW);
    if (foreign && decision instanceof ForwardDecision.Allow) {
      assertThat(request.isNavigation()).isTrue();
      assertThat(request.method()).isIn("GET", "HEAD");
    }
  }

  @Provide
  Arbitrary<ForwardRequest> requests() {
    Arbitrary<Optional<String>> origin =
        optional("https://alice.example.com", "https://bob.example.com", "null", "");
    return Combinators.combine(
            Arbitraries.of("alice.example.com", "bob.example.com"),
            Arbitraries.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get"),
            Arbitraries.of(
                "/",
                "/api/sessions",
                "/.vdi/ticket?t=a",
                "/.vdi/",
                "/.vdi/watch",
                "/.vdi/link",
                "",
                "//x",
                "/a?b"),
            origin,
            optional("same-origin", "same-site", "cross-site", "none"),
            optional("navigate", "cors", "no-cors", "websocket"),
            optional("document", "iframe", "empty", "image"))
        .as((authority, method, uri, from, site, mode, dest) ->
            new ForwardRequest(authority, method, uri, from, site, mode, dest, false, false, false))
        .flatMap(request ->
            Combinators.combine(Arbitraries.of(true, false), Arbitraries.of(true, false))
                .as((html, socket) ->
                    new ForwardRequest(
                        request.authority(),
                        request.method(),
                        request.uri(),
                        request.origin(),
                        request.fetchSite(),
                        request.fetchMode(),
                        request.fetchDest(),
                        html,
                        socket,
                        html)));
  }

  @Provide
  Arbitrary<DesktopLookup> lookups() {
    Arbitrary<List<Share>> guests =
        Combinators.combine(
                Arbitraries.of(HOLDERS),
                Arbitraries.of(ShareRole.values()),
                Arbitraries.of(NOW.minusSeconds(1), NOW, NOW.plusSeconds(1)).injectNull(0.3))
            .as(Share::new)
            .list()
            .ofMaxSize(3);
    return Combinators.combine(Arbitraries.of(USERS), Arbitraries.integers().between(0, 9), guests)
        .as((user, kind, shares) -> {
          Desktop desktop = Requests.shared(user, shares);
          return switch (kind) {
            case 0 -> new DesktopLookup.Unknown();
            case 1 -> new DesktopLookup.Undecided("outage");
            case 2 -> new DesktopLookup.Found(Requests.in(new Desktop.Deleting(), desktop));
            case 3 ->
                new DesktopLookup.Found(Requests.in(new Desktop.Stopped(Requests.NOW), desktop));
            default -> new DesktopLookup.Found(desktop);
          };
        });
  }

  @Provide
  Arbitrary<Optional<DesktopPass>> passes() {
    return Combinators.combine(
            Arbitraries.of(HOLDERS),
            Arbitraries.of(USERS),
            Arbitraries.of(USERS),
            Arbitraries.of(Role.values()))
        .as((holder, host, uid, role) ->
            new DesktopPass(
                Requests.desktop(host).authority(),
                Requests.desktop(uid).uid(),
                Requests.grantOf(role, holder, role.isOfAdmin() ? "admins" : "staff"),
                NOW))
        .optional();
  }

  private static Arbitrary<Optional<String>> optional(String... values) {
    return Arbitraries.of(values).optional();
  }
}
