package io.vdi.operator.gate.portal;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.desktop.DesktopAccess;
import io.vdi.operator.gate.desktop.DesktopLookup;
import io.vdi.operator.gate.http.PortalDefences;
import io.vdi.operator.gate.http.PublicUrl;
import io.vdi.operator.gate.keys.KeyGeneration;
import io.vdi.operator.gate.keys.KeyRing;
import io.vdi.operator.gate.keys.Tokens;
import io.vdi.operator.gate.revocation.Revocation;
import io.vdi.operator.gate.revocation.Revocations;
import io.vdi.operator.gate.signin.PendingSignIn;
import io.vdi.operator.gate.signin.Provider;
import io.vdi.operator.gate.signin.ProviderResult;
import io.vdi.operator.gate.signin.SignInRoutes;
import io.vdi.operator.gate.signin.SignInSessions;
import io.vdi.operator.gate.signin.SignInSettings;
import io.vdi.operator.gate.ticket.LinkVisits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The portal with its real sign-in, cookies and defences on a port of its own, in front of {@link
 * Desktops} that a test provides. The provider has a page with a link for each user: {@code
 * alice@example.com}, and {@code root@example.com}, who is an admin. No link is valid.
 */
public final class TestPortal implements AutoCloseable {
  private static final String PROVIDER = "/test-provider";

  private final URI address;
  private final WebServer server;
  private final PortalRoutes routes;

  /**
   * @param heartbeat of the streams of progress
   */
  public TestPortal(Desktops desktops, Duration heartbeat) {
    // Browsers count localhost as secure, so cookies with the attribute Secure work.
    int port = freePort();
    this.address = URI.create("http://localhost:" + port);
    PublicUrl url = PublicUrl.parse(address.toString()).orElseThrow();
    InstantSource clock = InstantSource.system();
    KeyRing keys = KeyRing.first(KeyGeneration::random, clock.instant());
    Tokens tokens = new Tokens(() -> Optional.of(keys), url.toString(), clock);
    SignInSettings settings =
        new SignInSettings(
            true, "", List.of(), Duration.ofHours(10), Duration.ofHours(1), Duration.ofMinutes(10));
    AtomicReference<Revocations> revocations = new AtomicReference<>(Revocations.NONE);
    SignInSessions sessions =
        new SignInSessions(tokens, () -> Optional.of(revocations.get()), settings, clock);
    SignInRoutes signIn =
        new SignInRoutes(
            new TwoUsers(),
            sessions,
            tokens,
            settings,
            new SignInRoutes.Ending(
                (revocation, until) -> {
                  revocations.updateAndGet(
                      now -> now.with(revocation, until, clock.instant()).orElseThrow());
                  return new ApiResult.Ok<>(true);
                },
                holder -> {}),
            event -> {},
            clock);
    this.routes =
        new PortalRoutes(
            sessions,
            (request, user) ->
                new ApiUser(user.holder().email(), user.groups(), user.groups().contains("admins")),
            desktops,
            true,
            ZoneOffset.UTC,
            clock,
            heartbeat);
    Identity identity =
        new Identity(
            Identity.Mode.ENFORCE, Set.of(), Set.of(), new IdentityMapping(Map.of(), "", ""));
    LinkRoutes links =
        new LinkRoutes(
            new LinkVisits(
                uid -> new DesktopLookup.Unknown(),
                new DesktopAccess(identity, false, false, true),
                tokens,
                event -> {},
                clock));
    this.server =
        WebServer.builder()
            .host("localhost")
            .port(port)
            .shutdownHook(false)
            .routing((HttpRouting.Builder routing) ->
                routing
                    .addFilter(new PortalDefences(url, Optional.empty(), Set.of()))
                    .get(
                        PROVIDER,
                        (request, response) -> {
                          String state = request.query().first("state").orElse("");
                          response.headers().set(HeaderNames.CONTENT_TYPE, "text/html");
                          response.send(
                              """
                              <!doctype html><html lang="en"><title>Provider</title><main><h1>Provider</h1>
                              <p><a id="alice" href="/signin/callback?code=alice&amp;state=%1$s">alice</a></p>
                              <p><a id="root" href="/signin/callback?code=root&amp;state=%1$s">root</a></p></main>
                              """
                                  .formatted(state));
                        })
                    .register(signIn)
                    .register(links)
                    .register(routes))
            .build()
            .start();
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A page, such as {@code /usage}. */
  public URI page(String path) {
    return address.resolve(path);
  }

  /** Without a path. */
  public String origin() {
    return address.toString();
  }

  @Override
  public void close() {
    routes.close();
    server.stop();
  }

  private final class TwoUsers implements Provider {
    @Override
    public ProviderResult<URI> authorizationUrl(PendingSignIn pending, boolean reauthenticate) {
      return new ProviderResult.Ok<>(address.resolve(PROVIDER + "?state=" + pending.state()));
    }

    @Override
    public ProviderResult<ProvidedUser> exchange(String code, PendingSignIn pending) {
      return new ProviderResult.Ok<>(
          new ProvidedUser(
              "sub-" + code,
              Optional.empty(),
              Optional.of(code + "@example.com"),
              true,
              code.equals("root") ? List.of("admins") : List.of("staff"),
              "id-token"));
    }

    @Override
    public Optional<URI> logoutUrl(Optional<String> idToken) {
      return Optional.empty();
    }

    @Override
    public ProviderResult<Revocation> logout(String logoutToken) {
      return new ProviderResult.Refused<>("there is none");
    }

    @Override
    public Optional<String> check() {
      return Optional.empty();
    }
  }
}
