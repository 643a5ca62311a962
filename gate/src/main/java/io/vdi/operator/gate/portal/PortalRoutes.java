package io.vdi.operator.gate.portal;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.http.Assets;
import io.vdi.operator.gate.http.Page;
import io.vdi.operator.gate.signin.SignIn;
import io.vdi.operator.gate.signin.SignInSessions;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * The pages of the portal. Each works without JavaScript: a button posts a form, and the answer is
 * a redirect to the page that shows the result. docs/decisions/portal-pages.md explains how.
 *
 * <p>The routes of each group of pages are beside their handlers, from {@link OverviewRoutes} on.
 * This class answers every path that no other service of the portal answers, so it has to be
 * registered last.
 */
public final class PortalRoutes implements HttpService, AutoCloseable {
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);

  private final Visits visits;
  private final OverviewRoutes overview;
  private final SessionRoutes session;
  private final SessionEventRoutes events;
  private final ShareRoutes shares;
  private final HomeRoutes homes;

  /**
   * @param callers the user of a request with this sign-in
   * @param wakeOnVisit whether a visit of a user's own desktop that sleeps resumes it
   * @param usageZone in which the months of usage begin
   * @param clock that of the API server
   */
  public PortalRoutes(
      SignInSessions sessions,
      BiFunction<ServerRequest, SignIn, ApiUser> callers,
      Desktops desktops,
      boolean wakeOnVisit,
      ZoneId usageZone,
      InstantSource clock) {
    this(sessions, callers, desktops, wakeOnVisit, usageZone, clock, HEARTBEAT);
  }

  PortalRoutes(
      SignInSessions sessions,
      BiFunction<ServerRequest, SignIn, ApiUser> callers,
      Desktops desktops,
      boolean wakeOnVisit,
      ZoneId usageZone,
      InstantSource clock,
      Duration heartbeat) {
    this.visits = new Visits(sessions, callers, clock);
    this.overview = new OverviewRoutes(visits, desktops, usageZone);
    this.session = new SessionRoutes(visits, desktops, wakeOnVisit);
    this.events = new SessionEventRoutes(visits, desktops, heartbeat);
    this.shares = new ShareRoutes(visits, desktops);
    this.homes = new HomeRoutes(visits, desktops);
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .get(Assets.PATH + "{file}", PortalRoutes::asset)
        // Browsers ask for it on pages that name no icon.
        .get(
            "/favicon.ico",
            (request, response) -> Page.redirect(response, Assets.CURRENT.address(Assets.FAVICON)));
    overview.routing(rules);
    session.routing(rules);
    events.routing(rules);
    shares.routing(rules);
    homes.routing(rules);
    rules.any(visits::unknown);
  }

  /** Ends the streams, whose browsers then connect to another replica. */
  @Override
  public void close() {
    events.close();
  }

  private static void asset(ServerRequest request, ServerResponse response) {
    Optional<Assets.Found> found = Assets.CURRENT.find(request.path().path());
    if (found.isEmpty()) {
      response.status(Status.NOT_FOUND_404).send();
      return;
    }
    response.headers().set(HeaderNames.CONTENT_TYPE, found.get().contentType());
    response
        .headers()
        .set(
            HeaderNames.CACHE_CONTROL,
            found.get().isCurrent() ? "public, max-age=31536000, immutable" : "no-store");
    response.send(found.get().content());
  }
}
