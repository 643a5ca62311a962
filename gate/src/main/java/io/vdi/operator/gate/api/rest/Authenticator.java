package io.vdi.operator.gate.api.rest;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.http.ClientAddress;
import io.vdi.operator.gate.http.CookieHeader;
import io.vdi.operator.gate.http.PublicUrl;
import io.vdi.operator.gate.revocation.Holder;
import io.vdi.operator.gate.signin.BearerSignIns;
import io.vdi.operator.gate.signin.ProviderResult;
import io.vdi.operator.gate.signin.SignIn;
import io.vdi.operator.gate.signin.SignInSessions;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Who sends a request: the user of a bearer token, or the user who is signed in at the portal. A
 * browser sends the cookie by itself, also when another site starts the request; so with the cookie
 * the request must come from the portal. It sends no token by itself.
 */
final class Authenticator {
  private static final HeaderName FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");
  private static final String SCHEME = "bearer ";
  private static final int MAX_TOKEN = 8 * 1024;
  private static final Set<String> SAFE = Set.of("GET", "HEAD");

  private final BearerSignIns bearers;
  private final SignInSessions sessions;
  private final PublicUrl publicUrl;
  private final Callers callers;

  /** Makes a caller from what the provider says. */
  @FunctionalInterface
  interface Callers {
    ApiUser of(String email, List<String> groups, String address, String signInId);
  }

  /** Whether, and as whom. */
  sealed interface Result {
    record Known(ApiUser caller) implements Result {}

    /**
     * @param tokenProblem for the header WWW-Authenticate; empty if the request has no token
     */
    record Unknown(String reason, Optional<String> tokenProblem) implements Result {}

    record CrossSite() implements Result {}

    record Unavailable(String reason) implements Result {}
  }

  Authenticator(
      BearerSignIns bearers, SignInSessions sessions, PublicUrl publicUrl, Callers callers) {
    this.bearers = bearers;
    this.sessions = sessions;
    this.publicUrl = publicUrl;
    this.callers = callers;
  }

  Result authenticate(ServerRequest request) {
    return request.headers().contains(HeaderNames.AUTHORIZATION)
        ? byToken(request)
        : byCookie(request);
  }

  private Result byToken(ServerRequest request) {
    List<String> values = request.headers().get(HeaderNames.AUTHORIZATION).allValues();
    String value = values.getFirst();
    if (values.size() != 1
        || value.length() > MAX_TOKEN
        || !value.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
      return new Result.Unknown("send one header Authorization: Bearer <token>", invalidToken());
    }
    return switch (bearers.find(value.substring(SCHEME.length()).strip())) {
      case ProviderResult.Ok<SignIn>(SignIn signIn) -> known(request, signIn, "");
      case ProviderResult.Refused<SignIn>(String reason) ->
          new Result.Unknown(reason, invalidToken());
      case ProviderResult.Unavailable<SignIn>(String reason) -> new Result.Unavailable(reason);
    };
  }

  private static Optional<String> invalidToken() {
    return Optional.of("error=\"invalid_token\"");
  }

  private Result byCookie(ServerRequest request) {
    Optional<SignIn> signIn = sessions.find(CookieHeader.of(request));
    if (signIn.isEmpty()) {
      return new Result.Unknown("sign in at the portal, or send a bearer token", Optional.empty());
    }
    return isFromPortal(request)
        ? known(request, signIn.get(), signIn.get().holder().signInId())
        : new Result.CrossSite();
  }

  private Result known(ServerRequest request, SignIn signIn, String signInId) {
    Holder holder = signIn.holder();
    return new Result.Known(
        callers.of(holder.email(), signIn.groups(), ClientAddress.of(request), signInId));
  }

  /** Browsers send Origin with every unsafe method. */
  private boolean isFromPortal(ServerRequest request) {
    boolean safe = SAFE.contains(request.prologue().method().text());
    Optional<String> site = request.headers().first(FETCH_SITE);
    boolean sameSite =
        site.filter(value -> !value.equals("same-origin") && !(safe && value.equals("none")))
            .isEmpty();
    boolean ownOrigin =
        request
            .headers()
            .first(HeaderNames.ORIGIN)
            .map(origin -> origin.equals(publicUrl.toString()))
            .orElse(safe);
    return sameSite && ownOrigin;
  }
}
