package io.vdi.operator.gate.ticket;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.gate.audit.Audit;
import io.vdi.operator.gate.audit.AuditEvent;
import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.desktop.DesktopAccess;
import io.vdi.operator.gate.desktop.DesktopLookup;
import io.vdi.operator.gate.desktop.Grant;
import io.vdi.operator.gate.desktop.Role;
import io.vdi.operator.gate.http.ClientAddress;
import io.vdi.operator.gate.http.CookieHeader;
import io.vdi.operator.gate.http.Page;
import io.vdi.operator.gate.http.PageText;
import io.vdi.operator.gate.http.RequestLimit;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.keys.Tokens;
import io.vdi.operator.gate.revocation.Holder;
import io.vdi.operator.gate.signin.SignIn;
import io.vdi.operator.gate.signin.SignInSessions;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code GET /open?target=<address>&nonce=<hash>} on the portal's host: makes a ticket for a
 * desktop and redirects to the desktop's host with it. The target can only be the address of a
 * session. While the desktop does not run, it redirects to the page that waits for it; with {@code
 * visit=1} that page resumes a desktop that sleeps. A guest of a link needs no sign-in.
 */
public final class OpenRoutes implements HttpService {
  /** The path on the desktop's host that takes tickets. */
  public static final String TICKET_PATH = ReturnPath.RESERVED + "ticket";

  public static final String PATH = "/open";

  private static final String WATCH = "&watch=1";

  private static final String VISIT = "&visit=1";

  private static final String LINK = "&link=1";

  /**
   * How often the guests of one link open its desktop, on each replica: each time is a write, and
   * anybody can have the link.
   */
  private static final int LINK_OPENINGS_PER_SECOND = 1;

  private static final int LINK_OPENINGS_AT_ONCE = 60;

  private static final Logger LOG = LoggerFactory.getLogger(OpenRoutes.class);

  private final SignInSessions sessions;
  private final Function<String, DesktopLookup> desktops;
  private final DesktopAccess access;
  private final Function<Desktop, Optional<String>> viewObstacle;
  private final Tokens tokens;
  private final Duration lifetime;
  private final Audit audit;
  private final InstantSource clock;
  private final RequestLimit linkOpenings =
      new RequestLimit(LINK_OPENINGS_PER_SECOND, LINK_OPENINGS_AT_ONCE, 0, System::nanoTime);

  private record Target(URI origin, ReturnPath path) {}

  /**
   * @param desktops by host and port
   * @param viewObstacle why a desktop cannot be watched now; empty if it can
   * @param lifetime of tickets
   */
  public OpenRoutes(
      SignInSessions sessions,
      Function<String, DesktopLookup> desktops,
      DesktopAccess access,
      Function<Desktop, Optional<String>> viewObstacle,
      Tokens tokens,
      Duration lifetime,
      Audit audit,
      InstantSource clock) {
    this.sessions = sessions;
    this.desktops = desktops;
    this.access = access;
    this.viewObstacle = viewObstacle;
    this.tokens = tokens;
    this.lifetime = lifetime;
    this.audit = audit;
    this.clock = clock;
  }

  @Override
  public void routing(HttpRules rules) {
    rules.get(PATH, this::open);
  }

  /** The query of this page, for a desktop's address. */
  public static String query(Desktop desktop, ReturnPath path, Nonce nonce, boolean visit) {
    return query(desktop, path, nonce.hash(), visit);
  }

  private static String query(Desktop desktop, ReturnPath path, String nonceHash, boolean visit) {
    return PATH
        + "?target="
        + URLEncoder.encode(desktop.origin() + path.value(), StandardCharsets.UTF_8)
        + "&nonce="
        + nonceHash
        + (visit ? VISIT : "");
  }

  /** The query of this page, for an admin who watches. */
  public static String watchQuery(Desktop desktop, Nonce nonce) {
    return query(desktop, ReturnPath.ROOT, nonce.hash(), false) + WATCH;
  }

  /** The query of this page, for the guest of a link. */
  public static String linkQuery(Desktop desktop, Nonce nonce) {
    return query(desktop, ReturnPath.ROOT, nonce.hash(), false) + LINK;
  }

  /** The page of the portal that waits for a desktop, and then shows this path of it. */
  private static String waiting(Desktop desktop, ReturnPath path, boolean visit) {
    return "/sessions/"
        + desktop.session().namespace()
        + "/"
        + desktop.session().name()
        + "/open?path="
        + URLEncoder.encode(path.value(), StandardCharsets.UTF_8)
        + (visit ? VISIT : "");
  }

  private void open(ServerRequest request, ServerResponse response) {
    String text = request.query().first("target").orElse("");
    String nonce = request.query().first("nonce").orElse("");
    Optional<Target> target = target(text);
    if (target.isEmpty() || !Nonce.isHash(nonce)) {
      Page.send(
          request,
          response,
          Status.BAD_REQUEST_400,
          PageText.NO_SUCH_DESKTOP,
          PageText.NOT_A_DESKTOP.with());
      return;
    }
    switch (desktops.apply(target.get().origin().getRawAuthority())) {
      case DesktopLookup.Found(Desktop desktop)
          when desktop.origin().equals(target.get().origin())
              && !(desktop.state() instanceof Desktop.Deleting) ->
          open(request, response, desktop, target.get().path(), nonce);
      case DesktopLookup.Found found -> unknown(request, response);
      case DesktopLookup.Unknown() -> unknown(request, response);
      case DesktopLookup.Undecided(String reason) -> unavailable(request, response, reason);
    }
  }

  private void open(
      ServerRequest request,
      ServerResponse response,
      Desktop desktop,
      ReturnPath path,
      String nonce) {
    CookieHeader cookies = CookieHeader.of(request);
    Optional<SignIn> signIn = sessions.find(cookies);
    Optional<Grant> signedIn =
        signIn.flatMap(found ->
            access.grant(
                found.holder(), found.groups(), desktop, isWatch(request), clock.instant()));
    // Who can open it by the sign-in keeps that role.
    Optional<Grant> grant =
        signedIn.or(() -> isWatch(request) ? Optional.empty() : byLink(cookies, desktop));
    if (grant.isEmpty() && isLink(request)) {
      Page.send(
          request, response, Status.FORBIDDEN_403, PageText.NOT_OPENED, PageText.LINK_ENDED.with());
      return;
    }
    if (grant.isEmpty()) {
      signIn.ifPresentOrElse(
          found -> refuse(request, response, desktop, found),
          () -> {
            String back =
                query(desktop, path, nonce, isVisit(request)) + (isWatch(request) ? WATCH : "");
            Page.redirect(
                response, "/signin?to=" + URLEncoder.encode(back, StandardCharsets.UTF_8));
          });
      return;
    }
    Holder holder = grant.get().holder();
    if (grant.get().role() == Role.LINK && !linkOpenings.admit(holder.email())) {
      Page.send(
          request,
          response,
          Status.TOO_MANY_REQUESTS_429,
          PageText.TOO_MANY_GUESTS,
          PageText.LINK_TOO_OFTEN.with());
      return;
    }
    if (desktop.state() instanceof Desktop.Stopped && grant.get().role().isGuest()) {
      Page.send(
          request,
          response,
          Status.CONFLICT_409,
          PageText.NOT_RUNNING,
          grant.get().role() == Role.LINK
              ? PageText.LINK_LATER.with()
              : PageText.ONLY_OWNER_STARTS.with(desktop.user()));
      return;
    }
    if (desktop.state() instanceof Desktop.Stopped) {
      signIn.ifPresent(found -> renew(response, found));
      Page.redirect(response, waiting(desktop, path, isVisit(request)));
      return;
    }
    Optional<String> obstacle =
        grant.get().role().onlyWatches() ? viewObstacle.apply(desktop) : Optional.empty();
    if (obstacle.isPresent()) {
      LOG.warn("{} cannot be watched: {}", desktop.session(), obstacle.get());
      Page.send(
          request,
          response,
          Status.SERVICE_UNAVAILABLE_503,
          PageText.NOT_AVAILABLE,
          // The obstacle names objects of the session.
          grant.get().role() == Role.LINK
              ? PageText.CANNOT_BE_WATCHED.with()
              : PageText.CANNOT_BE_WATCHED_BECAUSE.with(obstacle.get()));
      return;
    }
    Ticket ticket =
        new Ticket(
            UUID.randomUUID().toString(),
            desktop.authority(),
            desktop.uid(),
            grant.get(),
            nonce,
            path);
    Optional<String> token = ticket.sign(tokens, clock.instant().plus(lifetime));
    if (token.isEmpty()) {
      unavailable(request, response, "there are no keys, or the ticket is too long");
      return;
    }
    signedIn.flatMap(any -> signIn).ifPresent(found -> renew(response, found));
    LOG.info("{} opens {} as {}", holder.email(), desktop.session(), grant.get().role());
    Page.redirect(response, desktop.origin() + TICKET_PATH + "?t=" + token.get());
  }

  private Optional<Grant> byLink(CookieHeader cookies, Desktop desktop) {
    return LinkVisit.find(tokens, cookies)
        .filter(visit -> visit.sessionUid().equals(desktop.uid()))
        .flatMap(visit -> access.linkGrant(visit.holder(), desktop, clock.instant()));
  }

  private void refuse(
      ServerRequest request, ServerResponse response, Desktop desktop, SignIn signIn) {
    boolean own = access.isOwn(signIn.holder().email(), desktop);
    LOG.warn("{} may not open {}", signIn.holder().email(), desktop.session());
    audit.record(
        new AuditEvent.OpenRefused(
            new AuditEvent.Actor(
                signIn.holder().email(), ClientAddress.of(request), signIn.holder().signInId()),
            AuditEvent.Target.session(desktop.session(), desktop.uid(), desktop.template()),
            own ? "the template does not allow the user" : "not the owner"));
    Page.send(
        request,
        response,
        Status.FORBIDDEN_403,
        PageText.NOT_YOUR_DESKTOP,
        own
            ? PageText.NOT_FOR_YOU.with(signIn.holder().email(), desktop.template())
            : PageText.OF_SOMEBODY_ELSE.with(signIn.holder().email()));
  }

  private void renew(ServerResponse response, SignIn signIn) {
    sessions
        .renewal(signIn)
        .ifPresent(cookie -> response.headers().add(HeaderNames.SET_COOKIE, cookie));
  }

  private static boolean isWatch(ServerRequest request) {
    return request.query().first("watch").asOptional().equals(Optional.of("1"));
  }

  private static boolean isLink(ServerRequest request) {
    return request.query().first("link").asOptional().equals(Optional.of("1"));
  }

  private static boolean isVisit(ServerRequest request) {
    return request.query().first("visit").asOptional().equals(Optional.of("1"));
  }

  private static Optional<Target> target(String text) {
    return Desktop.origin(text)
        .flatMap(origin -> {
          int path = text.indexOf('/', text.indexOf("//") + 2);
          return ReturnPath.parse(path < 0 ? "/" : text.substring(path))
              .map(to -> new Target(origin, to));
        });
  }

  private static void unknown(ServerRequest request, ServerResponse response) {
    Page.send(
        request,
        response,
        Status.NOT_FOUND_404,
        PageText.NO_SUCH_DESKTOP,
        PageText.NO_DESKTOP.with());
  }

  private static void unavailable(ServerRequest request, ServerResponse response, String reason) {
    LOG.error("a desktop cannot be opened: {}", reason);
    Page.send(
        request,
        response,
        Status.SERVICE_UNAVAILABLE_503,
        PageText.NOT_AVAILABLE,
        PageText.CANNOT_BE_OPENED.with());
  }
}
