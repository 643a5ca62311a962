package io.vdi.operator.gate.signin;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.gate.audit.Audit;
import io.vdi.operator.gate.audit.AuditEvent;
import io.vdi.operator.gate.http.ClientAddress;
import io.vdi.operator.gate.http.CookieHeader;
import io.vdi.operator.gate.http.Page;
import io.vdi.operator.gate.http.PageText;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.http.SetCookie;
import io.vdi.operator.gate.keys.Tokens;
import io.vdi.operator.gate.revocation.Holder;
import io.vdi.operator.gate.revocation.Revocation;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pages of the portal around the sign-in: {@code /signin}, {@code /signin/callback}, {@code
 * /signout}, {@code /signed-out} and {@code /backchannel-logout}.
 */
public final class SignInRoutes implements HttpService {
  /** Where the provider returns to. */
  public static final String CALLBACK = "/signin/callback";

  public static final String SIGNED_OUT = "/signed-out";

  /** Called by the provider itself, with a token that it has signed. */
  public static final String BACK_CHANNEL_LOGOUT = "/backchannel-logout";

  /** The ID token, which the provider asks for at the logout. */
  static final String ID_TOKEN_COOKIE = "__Host-vdi-idtoken";

  /** The user has signed out in this browser, and nobody has signed in since. */
  static final String SIGNED_OUT_COOKIE = "__Host-vdi-signed-out";

  private static final Logger LOG = LoggerFactory.getLogger(SignInRoutes.class);
  private static final int RANDOM_BYTES = 32;
  private static final int MAX_FORM = 64 * 1024;
  private static final Page.Link AGAIN = new Page.Link(PageText.SIGN_IN, "/signin");

  private final Provider provider;
  private final SignInSessions sessions;
  private final Tokens tokens;
  private final SignInSettings settings;
  private final Ending ending;
  private final Audit audit;
  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();

  /**
   * How sign-ins end.
   *
   * @param revoke for all replicas, until the time after which no token of it is valid
   * @param disconnect ends the open connections of the user
   */
  public record Ending(Revoker revoke, Consumer<Holder> disconnect) {
    /** Revokes. */
    @FunctionalInterface
    public interface Revoker {
      ApiResult<Boolean> revoke(Revocation revocation, Instant until);
    }
  }

  public SignInRoutes(
      Provider provider,
      SignInSessions sessions,
      Tokens tokens,
      SignInSettings settings,
      Ending ending,
      Audit audit,
      InstantSource clock) {
    this.provider = provider;
    this.sessions = sessions;
    this.tokens = tokens;
    this.settings = settings;
    this.ending = ending;
    this.audit = audit;
    this.clock = clock;
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .get("/signin", this::begin)
        .get(CALLBACK, this::finish)
        .post("/signout", this::signOut)
        .get(SIGNED_OUT, this::signedOut)
        .post(BACK_CHANNEL_LOGOUT, this::backChannelLogout);
  }

  private void begin(ServerRequest request, ServerResponse response) {
    ReturnPath to =
        request.query().first("to").asOptional().flatMap(ReturnPath::parse).orElse(ReturnPath.ROOT);
    PendingSignIn pending = new PendingSignIn(random(), random(), random(), to);
    switch (provider.authorizationUrl(pending, isSignedOut(CookieHeader.of(request)))) {
      case ProviderResult.Ok<URI>(URI url) -> {
        Optional<String> cookie =
            pending.seal(tokens, clock.instant().plus(settings.pendingTimeout()));
        if (cookie.isEmpty()) {
          unavailable(request, response, "there are no keys, or the address is too long");
          return;
        }
        setCookie(
            response, SetCookie.of(PendingSignIn.COOKIE, cookie.get(), settings.pendingTimeout()));
        Page.redirect(response, url.toString());
      }
      case ProviderResult.Refused<URI>(String reason) -> unavailable(request, response, reason);
      case ProviderResult.Unavailable<URI>(String reason) -> unavailable(request, response, reason);
    }
  }

  /**
   * Whether the last sign-in of this browser was ended. The pages of its desktops reload then,
   * while the browser is still on its way to the logout of the provider: without a question for the
   * password, such a page would sign the user in again. The revoked cookie says so until the answer
   * to the sign-out reaches the browser, the other cookie from then on.
   */
  private boolean isSignedOut(CookieHeader cookies) {
    return cookies.get(SIGNED_OUT_COOKIE).isPresent() || sessions.isRevoked(cookies);
  }

  private void finish(ServerRequest request, ServerResponse response) {
    Optional<PendingSignIn> pending =
        CookieHeader.of(request)
            .get(PendingSignIn.COOKIE)
            .flatMap(cookie -> PendingSignIn.open(tokens, cookie));
    String state = request.query().first("state").orElse("");
    if (pending.isEmpty() || !isSame(pending.get().state(), state)) {
      refuse(
          request,
          response,
          Status.BAD_REQUEST_400,
          PageText.SIGN_IN_NOT_STARTED.with(),
          "the state does not match");
      return;
    }
    setCookie(response, SetCookie.delete(PendingSignIn.COOKIE));
    Optional<String> code = request.query().first("code").asOptional();
    if (code.isEmpty()) {
      refuse(
          request,
          response,
          Status.FORBIDDEN_403,
          PageText.PROVIDER_REFUSED.with(),
          "the provider returned no code");
      return;
    }
    switch (provider.exchange(code.get(), pending.get())) {
      case ProviderResult.Ok<Provider.ProvidedUser>(Provider.ProvidedUser user) ->
          accept(request, response, user, pending.get().returnPath());
      case ProviderResult.Refused<Provider.ProvidedUser>(String reason) ->
          refuse(request, response, Status.FORBIDDEN_403, PageText.PROVIDER_ANSWER.with(), reason);
      case ProviderResult.Unavailable<Provider.ProvidedUser>(String reason) ->
          unavailable(request, response, reason);
    }
  }

  private void accept(
      ServerRequest request, ServerResponse response, Provider.ProvidedUser user, ReturnPath to) {
    switch (SignInRules.judge(user, settings, random(), clock.instant())) {
      case SignInRules.Verdict.Refused(PageText.With reason) ->
          refuse(request, response, Status.FORBIDDEN_403, reason, reason.in(Locale.ENGLISH));
      case SignInRules.Verdict.Accepted(SignIn signIn) -> {
        Optional<String> cookie = sessions.cookie(signIn);
        if (cookie.isEmpty()) {
          refuse(
              request,
              response,
              Status.FORBIDDEN_403,
              PageText.GROUPS_TOO_MANY.with(),
              signIn.groups().size() + " groups do not fit into the cookie");
          return;
        }
        if (!endFormer(request, signIn)) {
          unavailable(request, response, "the end of the former sign-in cannot be stored");
          return;
        }
        setCookie(response, cookie.get());
        setCookie(response, SetCookie.delete(SIGNED_OUT_COOKIE));
        setCookie(
            response,
            !user.idToken().isEmpty() && user.idToken().length() <= Tokens.MAX_LENGTH
                ? SetCookie.of(ID_TOKEN_COOKIE, user.idToken(), settings.lifetime())
                : SetCookie.delete(ID_TOKEN_COOKIE));
        LOG.info("{} signed in", signIn.holder().email());
        audit.record(new AuditEvent.SignedIn(actor(request, signIn.holder())));
        Page.redirect(response, to.value());
      }
    }
  }

  /**
   * Ends the sign-in that this browser had, if the new one is of another user or lacks a group: the
   * cookies of its desktops would keep what the user has lost. For a lost group, the user's older
   * sign-ins in other browsers end, too.
   *
   * @return false if that cannot be stored
   */
  private boolean endFormer(ServerRequest request, SignIn next) {
    Optional<SignIn> former = sessions.find(CookieHeader.of(request));
    if (former.isEmpty()) {
      return true;
    }
    Holder holder = former.get().holder();
    boolean same = holder.subject().equals(next.holder().subject());
    if (same && next.groups().containsAll(former.get().groups())) {
      return true;
    }
    Instant last = clock.instant().plus(settings.lifetime());
    Revocation older =
        new Revocation.OfSubject(holder.subject(), next.holder().signedInAt().minusMillis(1));
    boolean stored =
        isStored(new Revocation.OfSignIn(holder.signInId()), last)
            && (!same || isStored(older, last));
    if (stored) {
      audit.record(new AuditEvent.SignedOut(actor(request, holder), "a new sign-in replaces it"));
    }
    return stored;
  }

  private boolean isStored(Revocation revocation, Instant until) {
    return ending.revoke().revoke(revocation, until).ok().isPresent();
  }

  private static AuditEvent.Actor actor(ServerRequest request, Holder holder) {
    return new AuditEvent.Actor(holder.email(), ClientAddress.of(request), holder.signInId());
  }

  private void signOut(ServerRequest request, ServerResponse response) {
    CookieHeader cookies = CookieHeader.of(request);
    Optional<SignIn> signIn = sessions.find(cookies);
    if (signIn.isPresent()) {
      Holder holder = signIn.get().holder();
      ApiResult<Boolean> revoked =
          ending.revoke().revoke(new Revocation.OfSignIn(holder.signInId()), holder.expiresAt());
      if (revoked.ok().isEmpty()) {
        // The cookies stay, so that the user can try again.
        LOG.error("the sign-out of {} cannot be stored: {}", holder.email(), revoked.failure());
        Page.send(
            request,
            response,
            Status.SERVICE_UNAVAILABLE_503,
            PageText.STILL_SIGNED_IN,
            PageText.SIGN_OUT_NOT_STORED.with());
        return;
      }
      ending.disconnect().accept(holder);
      LOG.info("{} signed out", holder.email());
      audit.record(new AuditEvent.SignedOut(actor(request, holder), "the user signed out"));
    }
    setCookie(response, SetCookie.delete(SignIn.COOKIE));
    setCookie(response, SetCookie.of(SIGNED_OUT_COOKIE, "1", settings.lifetime()));
    setCookie(response, SetCookie.delete(ID_TOKEN_COOKIE));
    Page.redirect(
        response,
        provider.logoutUrl(cookies.get(ID_TOKEN_COOKIE)).map(URI::toString).orElse(SIGNED_OUT));
  }

  private void signedOut(ServerRequest request, ServerResponse response) {
    Page.send(
        request,
        response,
        Status.OK_200,
        PageText.SIGNED_OUT,
        PageText.SIGNED_OUT_NOW.with(),
        AGAIN);
  }

  private void backChannelLogout(ServerRequest request, ServerResponse response) {
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    ProviderResult<Revocation> result =
        form(request, "logout_token")
            .map(provider::logout)
            .orElse(new ProviderResult.Refused<>("the request has no logout_token"));
    switch (result) {
      case ProviderResult.Ok<Revocation>(Revocation revocation) -> {
        ApiResult<Boolean> revoked =
            ending.revoke().revoke(revocation, clock.instant().plus(settings.lifetime()));
        if (revoked.ok().isPresent()) {
          LOG.info("the provider has ended a sign-in");
          audit.record(new AuditEvent.SignedOut(ended(request, revocation), "the provider"));
          response.status(Status.OK_200).send();
        } else {
          LOG.error("a logout of the provider cannot be stored: {}", revoked.failure());
          response.status(Status.SERVICE_UNAVAILABLE_503).send();
        }
      }
      case ProviderResult.Refused<Revocation>(String reason) -> {
        LOG.warn("back-channel logout refused: {}", reason);
        response.status(Status.BAD_REQUEST_400);
        response.headers().set(HeaderNames.CONTENT_TYPE, "application/json");
        response.send("{\"error\":\"invalid_request\"}");
      }
      case ProviderResult.Unavailable<Revocation>(String reason) -> {
        LOG.error("back-channel logout: {}", reason);
        response.status(Status.SERVICE_UNAVAILABLE_503).send();
      }
    }
  }

  /** The provider names the user by its own ids. */
  private static AuditEvent.Actor ended(ServerRequest request, Revocation revocation) {
    String address = ClientAddress.of(request);
    return switch (revocation) {
      case Revocation.OfSignIn(String id) -> new AuditEvent.Actor("", address, id);
      case Revocation.OfProviderSession(String session) ->
          new AuditEvent.Actor("session " + session, address, "");
      case Revocation.OfSubject(String subject, Instant upTo) ->
          new AuditEvent.Actor("subject " + subject, address, "");
    };
  }

  private static Optional<String> form(ServerRequest request, String name) {
    if (!request.content().hasEntity()) {
      return Optional.empty();
    }
    try (InputStream in = request.content().inputStream()) {
      byte[] body = in.readNBytes(MAX_FORM + 1);
      if (body.length > MAX_FORM) {
        return Optional.empty();
      }
      List<String> values = new ArrayList<>();
      for (String pair : new String(body, StandardCharsets.UTF_8).split("&", -1)) {
        if (pair.startsWith(name + "=")) {
          values.add(URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8));
        }
      }
      return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static void setCookie(ServerResponse response, String value) {
    response.headers().add(HeaderNames.SET_COOKIE, value);
  }

  private void refuse(
      ServerRequest request,
      ServerResponse response,
      Status status,
      PageText.With text,
      String reason) {
    LOG.warn("sign-in refused: {}", reason);
    audit.record(
        new AuditEvent.SignInRefused(AuditEvent.Actor.unknown(ClientAddress.of(request)), reason));
    Page.send(request, response, status, PageText.SIGN_IN_FAILED, text, AGAIN);
  }

  private static void unavailable(ServerRequest request, ServerResponse response, String reason) {
    LOG.error("sign-in: {}", reason);
    Page.send(
        request,
        response,
        Status.SERVICE_UNAVAILABLE_503,
        PageText.SIGN_IN_UNAVAILABLE,
        PageText.NOBODY_SIGNS_IN.with(),
        AGAIN);
  }

  private static boolean isSame(String expected, String actual) {
    return MessageDigest.isEqual(
        expected.getBytes(StandardCharsets.UTF_8), actual.getBytes(StandardCharsets.UTF_8));
  }

  private String random() {
    byte[] bytes = new byte[RANDOM_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
