package io.vdi.operator.gate.forward;

import static io.vdi.operator.gate.forward.Requests.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.desktop.DesktopAccess;
import io.vdi.operator.gate.desktop.DesktopLookup;
import io.vdi.operator.gate.desktop.Role;
import io.vdi.operator.gate.ticket.DesktopPass;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ForwardRulesProperties {
  private static final List<String> USERS = List.of("alice", "bob", "carol");

  /** No request that carries bob's pass, whatever else it has, is given alice's password. */
  @Property(tries = 2000, edgeCases = EdgeCasesMode.NONE)
  void onlyTheOwnersPassOpensADesktop(
      @ForAll("requests") ForwardRequest request,
      @ForAll("lookups") DesktopLookup lookup,
      @ForAll("passes") Optional<DesktopPass> pass,
      @ForAll boolean adminsMayOpen) {
    ForwardRules rules =
        new ForwardRules(
            new DesktopAccess(Requests.IDENTITY, adminsMayOpen), Duration.ofMinutes(15));
    if (rules.decide(request, lookup, pass, NOW)
        instanceof ForwardDecision.Allow(Desktop desktop, DesktopPass granted, boolean renew)) {
      assertThat(lookup).isEqualTo(new DesktopLookup.Found(desktop));
      assertThat(pass).contains(granted);
      assertThat(granted.sessionUid()).isEqualTo(desktop.uid());
      assertThat(granted.authority()).isEqualTo(desktop.authority());
      assertThat(desktop.state()).isNotInstanceOf(Desktop.Deleting.class);
      assertThat(
              granted.grant().holder().email().equals(desktop.user())
                  || (adminsMayOpen && granted.grant().role() == Role.ADMIN))
          .isTrue();
    }
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
            Arbitraries.of("/", "/api/sessions", "/.vdi/ticket?t=a", "/.vdi/", "", "//x", "/a?b"),
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
    return Combinators.combine(Arbitraries.of(USERS), Arbitraries.integers().between(0, 9))
        .as((user, kind) -> {
          Desktop desktop = Requests.desktop(user);
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
            Arbitraries.of(USERS),
            Arbitraries.of(USERS),
            Arbitraries.of(USERS),
            Arbitraries.of(Role.values()))
        .as((holder, host, uid, role) ->
            new DesktopPass(
                Requests.desktop(host).authority(),
                Requests.desktop(uid).uid(),
                Requests.grant(role, holder, role == Role.ADMIN ? "admins" : "staff"),
                NOW))
        .optional();
  }

  private static Arbitrary<Optional<String>> optional(String... values) {
    return Arbitraries.of(values).optional();
  }
}
