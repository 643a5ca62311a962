package io.vdi.operator.gate.signin;

import io.vdi.operator.gate.revocation.Revocation;
import java.net.URI;
import java.util.Optional;

/** No provider is configured: nobody can sign in. */
public final class NoProvider implements Provider {
  private static final String REASON = "no provider is configured (gate.oidc.issuer)";

  @Override
  public ProviderResult<URI> authorizationUrl(PendingSignIn pending, boolean reauthenticate) {
    return new ProviderResult.Unavailable<>(REASON);
  }

  @Override
  public ProviderResult<ProvidedUser> exchange(String code, PendingSignIn pending) {
    return new ProviderResult.Unavailable<>(REASON);
  }

  @Override
  public Optional<URI> logoutUrl(Optional<String> idToken) {
    return Optional.empty();
  }

  @Override
  public ProviderResult<Revocation> logout(String logoutToken) {
    return new ProviderResult.Unavailable<>(REASON);
  }

  @Override
  public Optional<String> check() {
    return Optional.of(REASON);
  }
}
