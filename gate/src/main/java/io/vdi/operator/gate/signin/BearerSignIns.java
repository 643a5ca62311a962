package io.vdi.operator.gate.signin;

import io.vdi.operator.gate.http.PageText;
import io.vdi.operator.gate.revocation.Revocations;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** The users of bearer tokens, by the same rules as sign-ins with a browser. */
public final class BearerSignIns {
  private final Provider provider;
  private final Set<String> audiences;
  private final SignInSettings settings;
  private final Supplier<Optional<Revocations>> revocations;
  private final InstantSource clock;

  /**
   * @param audiences a token must have one of them
   * @param revocations empty while they cannot be known: no token is accepted then
   */
  public BearerSignIns(
      Provider provider,
      Set<String> audiences,
      SignInSettings settings,
      Supplier<Optional<Revocations>> revocations,
      InstantSource clock) {
    this.provider = provider;
    this.audiences = Set.copyOf(audiences);
    this.settings = settings;
    this.revocations = revocations;
    this.clock = clock;
  }

  /** The user of a token, whose sign-in at the provider has not been ended. */
  public ProviderResult<SignIn> find(String token) {
    Optional<Revocations> known = revocations.get();
    return known.isEmpty()
        ? new ProviderResult.Unavailable<>("the revocations cannot be read")
        : provider.verify(token, audiences).flatMap(user -> judge(user, known.get()));
  }

  private ProviderResult<SignIn> judge(Provider.VerifiedToken token, Revocations revoked) {
    return switch (SignInRules.judge(token.user(), settings, "", token.issuedAt())) {
      case SignInRules.Verdict.Refused(PageText.With reason) ->
          new ProviderResult.Refused<>(reason.in(Locale.ENGLISH));
      case SignInRules.Verdict.Accepted(SignIn signIn) ->
          revoked.cover(signIn.holder())
              ? new ProviderResult.Refused<>("the sign-in at the provider has ended")
              : new ProviderResult.Ok<>(signIn.used(clock.instant()));
    };
  }
}
