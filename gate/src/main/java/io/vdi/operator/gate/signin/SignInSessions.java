package io.vdi.operator.gate.signin;

import io.vdi.operator.gate.http.CookieHeader;
import io.vdi.operator.gate.http.SetCookie;
import io.vdi.operator.gate.keys.Tokens;
import io.vdi.operator.gate.revocation.Revocations;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;

/** The cookie of a sign-in: who is signed in, and how the cookie is renewed. */
public final class SignInSessions {
  /** The cookie is renewed when this part of the idle time has passed. */
  private static final int RENEWALS = 10;

  private final Tokens tokens;
  private final Supplier<Optional<Revocations>> revocations;
  private final SignInSettings settings;
  private final InstantSource clock;

  /**
   * @param revocations empty while they cannot be known: nobody is signed in then
   */
  public SignInSessions(
      Tokens tokens,
      Supplier<Optional<Revocations>> revocations,
      SignInSettings settings,
      InstantSource clock) {
    this.tokens = tokens;
    this.revocations = revocations;
    this.settings = settings;
    this.clock = clock;
  }

  /** The sign-in of a request; empty if there is none, or if it has ended or was revoked. */
  public Optional<SignIn> find(CookieHeader cookies) {
    return verified(cookies)
        .filter(
            signIn -> revocations.get().filter(known -> !known.cover(signIn.holder())).isPresent());
  }

  /** Whether a request has the cookie of a sign-in that was ended before its time. */
  boolean isRevoked(CookieHeader cookies) {
    return verified(cookies)
        .filter(
            signIn -> revocations.get().filter(known -> known.cover(signIn.holder())).isPresent())
        .isPresent();
  }

  /** The sign-in of a valid cookie, which can be revoked. */
  private Optional<SignIn> verified(CookieHeader cookies) {
    return cookies.get(SignIn.COOKIE).flatMap(cookie -> SignIn.verify(tokens, cookie));
  }

  /** The {@code Set-Cookie} of a new or used sign-in; empty if the cookie would be too large. */
  public Optional<String> cookie(SignIn signIn) {
    Instant until = signIn.validUntil(settings.idleTimeout());
    return signIn
        .sign(tokens, settings.idleTimeout())
        .map(token -> SetCookie.of(SignIn.COOKIE, token, Duration.between(clock.instant(), until)));
  }

  /** The {@code Set-Cookie} that records this use; empty if the last one is recent. */
  public Optional<String> renewal(SignIn signIn) {
    Instant now = clock.instant();
    Duration age = Duration.between(signIn.usedAt(), now);
    return age.compareTo(settings.idleTimeout().dividedBy(RENEWALS)) < 0
        ? Optional.empty()
        : cookie(signIn.used(now));
  }
}
