package io.vdi.operator.gate.signin;

import io.vdi.operator.gate.revocation.Revocation;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The OpenID Connect provider. */
public interface Provider {
  /**
   * A user as the provider describes it, in a validated ID token and, for claims that are not in
   * it, at its userinfo endpoint.
   *
   * @param session the {@code sid} of the provider; empty if it sends none
   * @param idToken as received, for the logout; empty if there is none
   */
  record ProvidedUser(
      String subject,
      Optional<String> session,
      Optional<String> email,
      boolean emailVerified,
      List<String> groups,
      String idToken) {}

  /**
   * A user of a token that a client has sent.
   *
   * @param issuedAt when the user signed in; without that, when the token was issued
   */
  record VerifiedToken(ProvidedUser user, Instant issuedAt) {}

  /**
   * Where the browser is sent to sign in.
   *
   * @param reauthenticate the provider must ask for the password, even if it knows the browser
   */
  ProviderResult<URI> authorizationUrl(PendingSignIn pending, boolean reauthenticate);

  /** The user for the code that the provider returned for this sign-in. */
  ProviderResult<ProvidedUser> exchange(String code, PendingSignIn pending);

  /**
   * Where the browser is sent to sign out at the provider; empty if it has no such address.
   *
   * @param idToken of the sign-in, if it is known
   */
  Optional<URI> logoutUrl(Optional<String> idToken);

  /** What a logout token, which the provider sends to the gate, ends. */
  ProviderResult<Revocation> logout(String logoutToken);

  /** Asks the provider whether it is there: why nobody can sign in; empty if users can. */
  Optional<String> check();

  /**
   * The user of a token that a client has sent: an ID token or an access token that is a JWT.
   *
   * @param audiences the token must have one of them
   */
  default ProviderResult<VerifiedToken> verify(String token, Set<String> audiences) {
    return new ProviderResult.Refused<>("tokens of this provider cannot be verified");
  }
}
