package io.vdi.operator.gate.forward;

import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.gate.audit.Audit;
import io.vdi.operator.gate.audit.AuditEvent;
import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.desktop.DesktopLookup;
import io.vdi.operator.gate.desktop.Grant;
import io.vdi.operator.gate.desktop.OpenDesktops;
import io.vdi.operator.gate.desktop.Role;
import io.vdi.operator.gate.http.ClientAddress;
import io.vdi.operator.gate.http.CookieHeader;
import io.vdi.operator.gate.http.Page;
import io.vdi.operator.gate.http.PageText;
import io.vdi.operator.gate.http.PublicUrl;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.http.SetCookie;
import io.vdi.operator.gate.keys.Tokens;
import io.vdi.operator.gate.revocation.Revocations;
import io.vdi.operator.gate.ticket.DesktopPass;
import io.vdi.operator.gate.ticket.Nonce;
import io.vdi.operator.gate.ticket.OpenRoutes;
import io.vdi.operator.gate.ticket.Ticket;
import io.vdi.operator.gate.ticket.TicketStore;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What routers and browsers ask about requests to desktops.
 *
 * <ul>
 *   <li>{@code /forward-auth}, as Traefik's forwardAuth calls it. The answer 200 lets a request
 *       pass, with the headers {@code Authorization} and {@code Cookie} of the answer; any other
 *       answer is sent to the browser. The {@code X-Forwarded} headers are trusted: only the router
 *       can connect to this port.
 *   <li>{@code /forward-auth/nginx}, as ingress-nginx calls it. Host, method and address are
 *       parameters that the router writes; it passes the browser's {@code X-Forwarded} headers on.
 *       A page that is not allowed is answered with 401, and the router redirects the browser to
 *       {@code /.vdi/open}.
 *   <li>{@code /.vdi/...}, as browsers request it on the host of a desktop behind ingress-nginx.
 *       The answers are those that Traefik would pass on.
 * </ul>
 */
public final class ForwardRoutes implements HttpService {
  public static final String PATH = "/forward-auth";

  private static final String NGINX_PATH = PATH + "/nginx";

  /** The paths on the host of a desktop that ingress-nginx routes to the gate. */
  private static final String PAGES = ReturnPath.RESERVED + "*";

  /** Where ingress-nginx sends a browser whose page is not allowed: {@code ?rd=<address>}. */
  private static final String OPEN_PATH = ReturnPath.RESERVED + "open";

  private static final String RETURN = "rd";
  private static final String HOST = "host";
  private static final String METHOD = "method";
  private static final String URI = "uri";
  private static final Set<String> NGINX_PARAMETERS = Set.of(HOST, METHOD, URI);

  private static final Logger LOG = LoggerFactory.getLogger(ForwardRoutes.class);

  private static final HeaderName FORWARDED_URI = HeaderNames.create("X-Forwarded-Uri");
  private static final HeaderName FORWARDED_METHOD = HeaderNames.create("X-Forwarded-Method");
  private static final HeaderName FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");
  private static final HeaderName FETCH_MODE = HeaderNames.create("Sec-Fetch-Mode");
  private static final HeaderName FETCH_USER = HeaderNames.create("Sec-Fetch-User");

  /** Of prefetches: the standard name, and those of older browsers. */
  private static final List<HeaderName> PURPOSES =
      List.of(
          HeaderNames.create("Sec-Purpose"),
          HeaderNames.create("Purpose"),
          HeaderNames.create("X-Moz"));

  private static final HeaderName FETCH_DEST = HeaderNames.create("Sec-Fetch-Dest");

  /** Upgrade is a header of the connection, which the router does not pass on. */
  private static final HeaderName WEB_SOCKET_KEY = HeaderNames.create("Sec-WebSocket-Key");

  private static final HeaderName CSP = HeaderNames.create("Content-Security-Policy");
  private static final HeaderName NO_SNIFF = HeaderNames.create("X-Content-Type-Options");

  /** How long a browser can take for the sign-in before it comes back with a ticket. */
  private static final Duration NONCE_LIFETIME = Duration.ofMinutes(15);

  /** Tells the page of Selkies that it only shows the picture, so that it offers nothing else. */
  private static final String VIEW_PAGE = "#shared";

  private static final Page.Link AGAIN = new Page.Link(PageText.TRY_AGAIN, "/");

  /** Who gets the answer. */
  private enum Recipient {
    TRAEFIK,
    INGRESS_NGINX,
    BROWSER
  }

  /** What a router asks, or a browser requests. */
  private record Question(
      ServerRequest request, ServerResponse response, Recipient recipient, ForwardRequest facts) {
    void answer(Status status, PageText title, PageText text, Page.Link... links) {
      Page.sendBare(request, response, status, title, text.with(), links);
    }

    /**
     * Whether ingress-nginx redirects the browser to {@link #OPEN_PATH}, where it learns more. What
     * that path is to answer itself is not redirected to it.
     */
    boolean isRedirected() {
      return recipient == Recipient.INGRESS_NGINX && facts.isNavigation() && !facts.isReserved();
    }
  }

  private final ForwardRules rules;
  private final Sources sources;
  private final Tokens tokens;
  private final PublicUrl portal;
  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();

  /**
   * Where the facts come from.
   *
   * @param desktops by host and port
   * @param revocations empty while they cannot be known
   * @param credentials of a desktop, for a role
   * @param tickets records which were used
   * @param opened remembers who has opened what
   * @param arrivals lists who visits the desktops of others; nobody gets in if it fails
   * @param audit records who has opened what, and refusals
   * @param observer is notified of each answer
   */
  public record Sources(
      Function<String, DesktopLookup> desktops,
      Supplier<Optional<Revocations>> revocations,
      BiFunction<Desktop, Role, ApiResult<DesktopCredentials>> credentials,
      TicketStore tickets,
      OpenDesktops opened,
      BiFunction<Grant, Desktop, ApiResult<Boolean>> arrivals,
      Audit audit,
      ForwardObserver observer) {}

  public ForwardRoutes(
      ForwardRules rules, Sources sources, Tokens tokens, PublicUrl portal, InstantSource clock) {
    this.rules = rules;
    this.sources = sources;
    this.tokens = tokens;
    this.portal = portal;
    this.clock = clock;
  }

  @Override
  public void routing(HttpRules routing) {
    // Traefik calls with GET; nginx with the method of the request.
    routing.any(
        PATH,
        (request, response) -> handle(request, response, Recipient.TRAEFIK, ofTraefik(request)));
    routing.any(
        NGINX_PATH,
        (request, response) ->
            handle(request, response, Recipient.INGRESS_NGINX, ofIngressNginx(request)));
    routing.any(
        PAGES,
        (request, response) -> handle(request, response, Recipient.BROWSER, ofBrowser(request)));
  }

  private void handle(
      ServerRequest request,
      ServerResponse response,
      Recipient recipient,
      Optional<ForwardRequest> facts) {
    long start = System.nanoTime();
    ForwardResult result = answer(request, response, recipient, facts);
    sources.observer().answered(result, Duration.ofNanos(System.nanoTime() - start));
  }

  private ForwardResult answer(
      ServerRequest request,
      ServerResponse response,
      Recipient recipient,
      Optional<ForwardRequest> facts) {
    response.headers().set(CSP, "default-src 'none'; frame-ancestors 'none'");
    response.headers().set(NO_SNIFF, "nosniff");
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    if (facts.isEmpty()) {
      Page.sendBare(
          request,
          response,
          Status.BAD_REQUEST_400,
          PageText.BAD_REQUEST,
          PageText.NO_ADDRESS.with());
      return ForwardResult.BAD_REQUEST;
    }
    return answer(new Question(request, response, recipient, facts.get()));
  }

  private ForwardResult answer(Question question) {
    CookieHeader cookies = CookieHeader.of(question.request());
    Optional<Revocations> revocations = sources.revocations().get();
    if (revocations.isEmpty()) {
      return unavailable(question, "the revocations cannot be read");
    }
    String authority = question.facts().authority();
    Optional<DesktopPass> pass =
        cookies
            .get(DesktopPass.COOKIE)
            .flatMap(cookie -> DesktopPass.verify(tokens, authority, cookie))
            .filter(found -> !revocations.get().cover(found.grant().holder()));
    DesktopLookup lookup = sources.desktops().apply(authority);
    ForwardDecision decision = rules.decide(question.facts(), lookup, pass, clock.instant());
    if (question.recipient() == Recipient.INGRESS_NGINX
        && !(decision instanceof ForwardDecision.Allow)) {
      return refuseNginx(question, lookup, pass, decision);
    }
    return switch (decision) {
      case ForwardDecision.Allow allowed -> allow(question, allowed, cookies);
      case ForwardDecision.TakeTicket(Desktop desktop) ->
          takeTicket(question, desktop, cookies, revocations.get());
      case ForwardDecision.ToPortal(Desktop desktop, ReturnPath path, boolean visit) ->
          toPortal(question, cookies, nonce -> OpenRoutes.query(desktop, path, nonce, visit));
      case ForwardDecision.ToWatch(Desktop desktop) ->
          toPortal(question, cookies, nonce -> OpenRoutes.watchQuery(desktop, nonce));
      case ForwardDecision.ToLink(Desktop desktop) ->
          toPortal(question, cookies, nonce -> OpenRoutes.linkQuery(desktop, nonce));
      case ForwardDecision.Unauthorized() -> {
        question.answer(Status.UNAUTHORIZED_401, PageText.SIGN_IN_AGAIN, PageText.RELOAD);
        yield ForwardResult.UNAUTHORIZED;
      }
      case ForwardDecision.Forbidden(PageText reason) -> {
        if (lookup instanceof DesktopLookup.Found(Desktop desktop)) {
          refused(actor(question, pass.map(DesktopPass::grant)), desktop, reason.english());
        }
        question.answer(Status.FORBIDDEN_403, PageText.NOT_ALLOWED, reason);
        yield ForwardResult.FORBIDDEN;
      }
      case ForwardDecision.NotFound() -> {
        question.answer(Status.NOT_FOUND_404, PageText.NO_SUCH_DESKTOP, PageText.NO_DESKTOP);
        yield ForwardResult.NOT_FOUND;
      }
      case ForwardDecision.Unavailable(String reason) -> unavailable(question, reason);
    };
  }

  /** ingress-nginx passes only 401 and 403 on; it makes 500 of other refusals. */
  private ForwardResult refuseNginx(
      Question question,
      DesktopLookup lookup,
      Optional<DesktopPass> pass,
      ForwardDecision decision) {
    if (question.isRedirected()) {
      return toPage(question);
    }
    if (decision instanceof ForwardDecision.Unavailable(String reason)) {
      return unavailable(question, reason);
    }
    if (decision instanceof ForwardDecision.Forbidden(PageText reason)
        && lookup instanceof DesktopLookup.Found(Desktop desktop)) {
      refused(actor(question, pass.map(DesktopPass::grant)), desktop, reason.english());
    }
    question.response().status(Status.FORBIDDEN_403).send();
    return ForwardResult.FORBIDDEN;
  }

  private static ForwardResult toPage(Question question) {
    question.response().status(Status.UNAUTHORIZED_401).send();
    return ForwardResult.UNAUTHORIZED;
  }

  private static AuditEvent.Actor actor(Question question, Optional<Grant> grant) {
    String address = ClientAddress.of(question.request());
    return grant
        .map(Grant::holder)
        .map(holder -> new AuditEvent.Actor(holder.email(), address, holder.signInId()))
        .orElseGet(() -> AuditEvent.Actor.unknown(address));
  }

  private static AuditEvent.Target target(Desktop desktop) {
    return AuditEvent.Target.session(desktop.session(), desktop.uid(), desktop.template());
  }

  private void refused(AuditEvent.Actor actor, Desktop desktop, String reason) {
    sources.audit().record(new AuditEvent.OpenRefused(actor, target(desktop), reason));
  }

  private ForwardResult allow(
      Question question, ForwardDecision.Allow allowed, CookieHeader cookies) {
    ServerResponse response = question.response();
    Desktop desktop = allowed.desktop();
    DesktopPass pass = allowed.pass();
    ApiResult<DesktopCredentials> credentials =
        sources.credentials().apply(desktop, pass.grant().role());
    if (!(credentials instanceof ApiResult.Ok<DesktopCredentials>(DesktopCredentials found))) {
      return unavailable(
          question,
          "the password of "
              + desktop.session()
              + " cannot be read: "
              + credentials.failure().map(ApiFailure::message).orElse(""));
    }
    sources.opened().allowed(pass.grant(), desktop, clock.instant());
    ApiResult<Boolean> listed = sources.arrivals().apply(pass.grant(), desktop);
    if (listed.ok().isEmpty()) {
      return unavailable(
          question,
          "the visitor cannot be recorded: "
              + listed.failure().map(ApiFailure::message).orElse(""));
    }
    if (allowed.renew()) {
      setPass(response, pass.renewed(clock.instant()));
    }
    if (question.recipient() == Recipient.BROWSER) {
      Page.redirect(response, desktop.origin() + question.facts().uri());
      return ForwardResult.ALLOWED;
    }
    response.headers().set(HeaderNames.AUTHORIZATION, BasicAuthorization.of(found));
    cookies.withoutOwn().ifPresent(rest -> response.headers().set(HeaderNames.COOKIE, rest));
    response.status(Status.OK_200).send();
    return ForwardResult.ALLOWED;
  }

  private ForwardResult takeTicket(
      Question question, Desktop desktop, CookieHeader cookies, Revocations revocations) {
    Optional<Ticket> ticket =
        token(question.facts())
            .flatMap(token -> Ticket.verify(tokens, desktop.authority(), token))
            .filter(found -> found.sessionUid().equals(desktop.uid()))
            .filter(found -> !revocations.cover(found.grant().holder()));
    boolean sameBrowser =
        ticket
            .flatMap(found ->
                cookies
                    .get(Nonce.COOKIE)
                    .flatMap(Nonce::parse)
                    .filter(nonce -> isSame(nonce.hash(), found.nonceHash())))
            .isPresent();
    if (ticket.isEmpty() || !sameBrowser) {
      refused(
          actor(question, ticket.map(Ticket::grant)),
          desktop,
          ticket.isEmpty() ? "the ticket is not valid" : "the ticket is for another browser");
      return refuseTicket(question, PageText.TICKET_INVALID);
    }
    AuditEvent.Actor actor = actor(question, ticket.map(Ticket::grant));
    // Any ticket has expired by then.
    Instant until = clock.instant().plus(NONCE_LIFETIME);
    return switch (sources.tickets().redeem(ticket.get().id(), until)) {
      case ApiResult.Ok<TicketStore.Redemption>(TicketStore.Redemption redemption) ->
          switch (redemption) {
            case FIRST_USE -> {
              DesktopPass pass =
                  new DesktopPass(
                      desktop.authority(), desktop.uid(), ticket.get().grant(), clock.instant());
              setPass(question.response(), pass);
              sources
                  .audit()
                  .record(
                      new AuditEvent.Opened(
                          actor, target(desktop), ticket.get().grant().role().name()));
              // Traefik resolves a path against its own address of the gate.
              Page.redirect(
                  question.response(),
                  desktop.origin()
                      + ticket.get().path().value()
                      + (ticket.get().grant().role().onlyWatches() ? VIEW_PAGE : ""));
              yield ForwardResult.OPENED;
            }
            case USED_BEFORE -> {
              LOG.warn("a ticket for {} was used again", desktop.session());
              refused(actor, desktop, "the ticket was used before");
              yield refuseTicket(question, PageText.TICKET_USED);
            }
          };
      case ApiResult.Rejected<TicketStore.Redemption>(int code, String reason, String message) ->
          unavailable(question, "a ticket cannot be recorded: " + message);
      case ApiResult.Unreachable<TicketStore.Redemption>(String message) ->
          unavailable(question, "a ticket cannot be recorded: " + message);
    };
  }

  private ForwardResult toPortal(
      Question question, CookieHeader cookies, Function<Nonce, String> query) {
    // Two tabs that open at the same time share the nonce.
    Nonce nonce =
        cookies.get(Nonce.COOKIE).flatMap(Nonce::parse).orElseGet(() -> Nonce.random(random));
    question
        .response()
        .headers()
        .add(HeaderNames.SET_COOKIE, SetCookie.of(Nonce.COOKIE, nonce.value(), NONCE_LIFETIME));
    Page.redirect(question.response(), portal.resolve(query.apply(nonce)).toString());
    return ForwardResult.TO_PORTAL;
  }

  private void setPass(ServerResponse response, DesktopPass pass) {
    Duration life = Duration.between(clock.instant(), pass.expires(rules.passLifetime()));
    pass.sign(tokens, rules.passLifetime())
        .ifPresent(token ->
            response
                .headers()
                .add(HeaderNames.SET_COOKIE, SetCookie.of(DesktopPass.COOKIE, token, life)));
  }

  private static ForwardResult refuseTicket(Question question, PageText text) {
    question.answer(Status.FORBIDDEN_403, PageText.NOT_OPENED, text, AGAIN);
    return ForwardResult.FORBIDDEN;
  }

  private static ForwardResult unavailable(Question question, String reason) {
    LOG.error("forward-auth: {}", reason);
    if (question.isRedirected()) {
      return toPage(question);
    }
    question.answer(
        Status.SERVICE_UNAVAILABLE_503, PageText.NOT_AVAILABLE, PageText.CANNOT_BE_REACHED);
    return ForwardResult.UNAVAILABLE;
  }

  /** The facts of a request; empty if the router did not send them, or not exactly once. */
  private static Optional<ForwardRequest> ofTraefik(ServerRequest request) {
    Optional<String> host = only(request, HeaderNames.X_FORWARDED_HOST);
    Optional<String> method = only(request, FORWARDED_METHOD);
    Optional<String> uri = only(request, FORWARDED_URI);
    if (host.isEmpty() || method.isEmpty() || uri.isEmpty()) {
      return Optional.empty();
    }
    String scheme = only(request, HeaderNames.X_FORWARDED_PROTO).orElse("https");
    boolean secure = scheme.equals("https") || scheme.equals("wss");
    return facts(request, secure ? "https" : "http", host.get(), method.get(), uri.get());
  }

  /**
   * The same by the parameters of {@code auth-url}. A method can contain any character of a token;
   * one that adds or hides a parameter is refused.
   */
  private static Optional<ForwardRequest> ofIngressNginx(ServerRequest request) {
    UriQuery query = request.query();
    boolean complete =
        query.names().equals(NGINX_PARAMETERS)
            && NGINX_PARAMETERS.stream().allMatch(name -> query.all(name).size() == 1);
    return complete
        ? facts(request, "https", query.get(HOST), query.get(METHOD), query.get(URI))
        : Optional.empty();
  }

  /**
   * The request of a browser itself, which the router passes on by the host of an Ingress. {@link
   * #OPEN_PATH} stands for the address that was not allowed. Other spellings of the gate's paths
   * are unknown.
   */
  private static Optional<ForwardRequest> ofBrowser(ServerRequest request) {
    String path = request.prologue().uriPath().rawPath();
    String query = request.prologue().query().rawValue();
    String own = path.startsWith(ReturnPath.RESERVED) ? path : ReturnPath.RESERVED;
    String uri =
        path.equals(OPEN_PATH)
            ? returnPath(request).value()
            : own + (query.isEmpty() ? "" : "?" + query);
    return only(request, HeaderNames.HOST)
        .flatMap(host -> facts(request, "https", host, request.prologue().method().text(), uri));
  }

  private static ReturnPath returnPath(ServerRequest request) {
    return request
        .query()
        .first(RETURN)
        .asOptional()
        .flatMap(ReturnPath::parse)
        .filter(to -> !to.value().startsWith(ReturnPath.RESERVED))
        .orElse(ReturnPath.ROOT);
  }

  private static Optional<ForwardRequest> facts(
      ServerRequest request, String scheme, String host, String method, String uri) {
    return Desktop.origin(scheme + "://" + host.toLowerCase(Locale.ROOT))
        .map(origin ->
            new ForwardRequest(
                origin.getRawAuthority(),
                method,
                uri,
                header(request, HeaderNames.ORIGIN),
                header(request, FETCH_SITE),
                header(request, FETCH_MODE),
                header(request, FETCH_DEST),
                header(request, HeaderNames.ACCEPT).orElse("").contains("text/html"),
                request.headers().contains(WEB_SOCKET_KEY),
                isByPerson(request)));
  }

  private static boolean isByPerson(ServerRequest request) {
    return header(request, FETCH_USER).equals(Optional.of("?1"))
        && PURPOSES.stream().noneMatch(purpose -> request.headers().contains(purpose));
  }

  private static Optional<String> token(ForwardRequest request) {
    String prefix = OpenRoutes.TICKET_PATH + "?t=";
    // A token consists of characters that need no encoding.
    return request.uri().startsWith(prefix)
        ? Optional.of(request.uri().substring(prefix.length()))
        : Optional.empty();
  }

  private static Optional<String> only(ServerRequest request, HeaderName name) {
    if (!request.headers().contains(name)) {
      return Optional.empty();
    }
    List<String> values = request.headers().get(name).allValues();
    return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
  }

  private static Optional<String> header(ServerRequest request, HeaderName name) {
    return request.headers().first(name);
  }

  private static boolean isSame(String expected, String actual) {
    return MessageDigest.isEqual(
        expected.getBytes(StandardCharsets.UTF_8), actual.getBytes(StandardCharsets.UTF_8));
  }
}
