package io.vdi.operator.gate.signin;

import io.vdi.operator.gate.http.PublicUrl;
import io.vdi.operator.gate.revocation.Revocation;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * Signs everybody in as one user, without a question. For development: the configuration allows it
 * on loopback addresses only.
 *
 * @param user e-mail address
 */
public record DevelopmentProvider(PublicUrl portal, String user, List<String> groups)
    implements Provider {
  /** The notice on every page. */
  public static final String NOTICE =
      "Development mode: everybody is signed in without a password (gate.development.user).";

  private static final String CODE = "development";

  public DevelopmentProvider {
    groups = List.copyOf(groups);
  }

  @Override
  public ProviderResult<URI> authorizationUrl(PendingSignIn pending, boolean reauthenticate) {
    return new ProviderResult.Ok<>(
        portal.resolve(SignInRoutes.CALLBACK + "?code=" + CODE + "&state=" + pending.state()));
  }

  @Override
  public ProviderResult<ProvidedUser> exchange(String code, PendingSignIn pending) {
    return new ProviderResult.Ok<>(
        new ProvidedUser(
            "development:" + user, Optional.empty(), Optional.of(user), true, groups, ""));
  }

  @Override
  public Optional<URI> logoutUrl(Optional<String> idToken) {
    return Optional.empty();
  }

  @Override
  public ProviderResult<Revocation> logout(String logoutToken) {
    return new ProviderResult.Refused<>("the development mode has no provider");
  }

  @Override
  public Optional<String> check() {
    return Optional.empty();
  }
}
