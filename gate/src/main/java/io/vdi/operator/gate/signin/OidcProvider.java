package io.vdi.operator.gate.signin;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSKeySelector;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.GeneralException;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.BearerAccessToken;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.LogoutRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.Prompt;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.claims.LogoutTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.claims.UserInfo;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import com.nimbusds.openid.connect.sdk.validators.LogoutTokenValidator;
import io.vdi.operator.gate.revocation.Revocation;
import io.vdi.operator.runtime.tls.TrustedCertificates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.SSLSocketFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A provider that is found by discovery. Its keys are read again when a token names an unknown one,
 * at most every {@link #KEY_INTERVAL}.
 */
public final class OidcProvider implements Provider {
  private static final Logger LOG = LoggerFactory.getLogger(OidcProvider.class);

  /** Public keys only: with HS256 a client secret would sign, and "none" needs no key at all. */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384);

  /** Those of ID tokens and access tokens; the type is optional. */
  private static final DefaultJOSEObjectTypeVerifier<SecurityContext> BEARER_TYPES =
      new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null);

  private static final Duration METADATA_LIFETIME = Duration.ofMinutes(10);
  private static final Duration KEY_LIFETIME = Duration.ofMinutes(10);

  /** Between two reads of the keys that unknown ids cause. */
  private static final Duration KEY_INTERVAL = Duration.ofSeconds(30);

  private static final int MAX_DOCUMENT = 256 * 1024;

  private static final String EMAIL = "email";
  private static final String EMAIL_VERIFIED = "email_verified";

  private final OidcSettings settings;
  private final ClientID client;
  private final InstantSource clock;
  private final Runnable onError;
  private final Optional<TrustedCertificates> trusted;
  private volatile Optional<Discovered> discovered = Optional.empty();
  private volatile String logged = "";

  /** What discovery has found. */
  private record Discovered(
      OIDCProviderMetadata metadata,
      JWSKeySelector<SecurityContext> keys,
      IDTokenValidator idTokens,
      LogoutTokenValidator logoutTokens,
      Instant at) {}

  /**
   * @param clock that of the times of sign-ins: a logout ends those before it
   * @param onError called for each request that the provider does not answer
   */
  public OidcProvider(OidcSettings settings, InstantSource clock, Runnable onError) {
    this.settings = settings;
    this.onError = onError;
    this.trusted = settings.caFile().map(TrustedCertificates::new);
    this.client = new ClientID(settings.clientId());
    this.clock = clock;
  }

  @Override
  public ProviderResult<URI> authorizationUrl(PendingSignIn pending, boolean reauthenticate) {
    return discover()
        .map(provider ->
            new AuthenticationRequest.Builder(
                    ResponseType.CODE,
                    new Scope(settings.scopes().toArray(String[]::new)),
                    client,
                    settings.callback())
                .endpointURI(provider.metadata().getAuthorizationEndpointURI())
                .state(new State(pending.state()))
                .nonce(new Nonce(pending.nonce()))
                .codeChallenge(new CodeVerifier(pending.verifier()), CodeChallengeMethod.S256)
                .prompt(reauthenticate ? new Prompt(Prompt.Type.LOGIN) : null)
                .build()
                .toURI());
  }

  @Override
  public ProviderResult<ProvidedUser> exchange(String code, PendingSignIn pending) {
    return discover()
        .flatMap(provider ->
            tokens(provider, code, pending).flatMap(tokens -> user(provider, tokens, pending)));
  }

  private ProviderResult<OIDCTokens> tokens(
      Discovered provider, String code, PendingSignIn pending) {
    try {
      HTTPRequest request =
          tokenRequest(
                  provider.metadata().getTokenEndpointURI(),
                  new AuthorizationCodeGrant(
                      new AuthorizationCode(code),
                      settings.callback(),
                      new CodeVerifier(pending.verifier())))
              .toHTTPRequest();
      limit(request);
      TokenResponse response = OIDCTokenResponseParser.parse(request.send());
      return response instanceof OIDCTokenResponse tokens
              && tokens.getOIDCTokens().getIDToken() != null
          ? new ProviderResult.Ok<>(tokens.getOIDCTokens())
          : new ProviderResult.Refused<>(
              "the provider refused the code: "
                  + (response.indicatesSuccess()
                      ? "no ID token"
                      : response.toErrorResponse().getErrorObject().toString()));
    } catch (IOException e) {
      return unavailable("the token endpoint does not answer: " + e.getMessage());
    } catch (com.nimbusds.oauth2.sdk.ParseException | RuntimeException e) {
      return new ProviderResult.Refused<>("the token response is unreadable: " + e.getMessage());
    }
  }

  private TokenRequest tokenRequest(URI endpoint, AuthorizationCodeGrant grant) {
    return settings
        .clientSecret()
        .get()
        .map(secret ->
            new TokenRequest.Builder(
                    endpoint, new ClientSecretBasic(client, new Secret(secret)), grant)
                .build())
        .orElseGet(() -> new TokenRequest.Builder(endpoint, client, grant).build());
  }

  private ProviderResult<ProvidedUser> user(
      Discovered provider, OIDCTokens tokens, PendingSignIn pending) {
    JWT token = tokens.getIDToken();
    try {
      IDTokenClaimsSet claims = provider.idTokens().validate(token, new Nonce(pending.nonce()));
      JWTClaimsSet all = claims.toJWTClaimsSet();
      String subject = claims.getSubject().getValue();
      String idToken = token.serialize();
      return isComplete(all)
          ? new ProviderResult.Ok<>(user(subject, all, new JWTClaimsSet.Builder().build(), idToken))
          : userInfo(provider, tokens.getAccessToken(), subject)
              .map(more -> user(subject, all, more, idToken));
    } catch (KeySourceException e) {
      return unavailable("the keys cannot be read: " + e.getMessage());
    } catch (BadJOSEException | JOSEException | com.nimbusds.oauth2.sdk.ParseException e) {
      return new ProviderResult.Refused<>("the ID token is not valid: " + e.getMessage());
    }
  }

  private boolean isComplete(JWTClaimsSet claims) {
    return claims.getClaim(EMAIL) != null
        && claims.getClaim(EMAIL_VERIFIED) != null
        && claims.getClaim(settings.groupsClaim()) != null;
  }

  /**
   * The claims of the userinfo endpoint; none if the provider has no such endpoint. The subject
   * must be that of the ID token: OpenID Connect Core 1.0, section 5.3.2.
   */
  private ProviderResult<JWTClaimsSet> userInfo(
      Discovered provider, AccessToken access, String subject) {
    URI endpoint = provider.metadata().getUserInfoEndpointURI();
    if (endpoint == null || !(access instanceof BearerAccessToken bearer)) {
      return new ProviderResult.Ok<>(new JWTClaimsSet.Builder().build());
    }
    try {
      HTTPRequest request = new UserInfoRequest(endpoint, bearer).toHTTPRequest();
      limit(request);
      UserInfoResponse response = UserInfoResponse.parse(request.send());
      if (!response.indicatesSuccess()) {
        return new ProviderResult.Refused<>(
            "the userinfo endpoint refused: "
                + response.toErrorResponse().getErrorObject().toString());
      }
      UserInfo info = response.toSuccessResponse().getUserInfo();
      if (info == null) {
        return new ProviderResult.Refused<>("the userinfo endpoint did not answer with JSON");
      }
      return info.getSubject() != null && info.getSubject().getValue().equals(subject)
          ? new ProviderResult.Ok<>(info.toJWTClaimsSet())
          : new ProviderResult.Refused<>("the userinfo endpoint answered for another subject");
    } catch (IOException e) {
      return unavailable("the userinfo endpoint does not answer: " + e.getMessage());
    } catch (com.nimbusds.oauth2.sdk.ParseException | RuntimeException e) {
      return new ProviderResult.Refused<>("the userinfo is unreadable: " + e.getMessage());
    }
  }

  private ProvidedUser user(
      String subject, JWTClaimsSet claims, JWTClaimsSet userInfo, String idToken) {
    Optional<String> email = text(claims, EMAIL).or(() -> text(userInfo, EMAIL));
    // The two sources can differ: an address counts as verified only by a source that has it.
    boolean verified =
        claims.getClaim(EMAIL_VERIFIED) == null
            ? isVerified(userInfo) && text(userInfo, EMAIL).equals(email)
            : isVerified(claims) && text(claims, EMAIL).equals(email);
    return new ProvidedUser(
        subject,
        text(claims, "sid"),
        email,
        verified,
        groups(claims.getClaim(settings.groupsClaim()) == null ? userInfo : claims),
        idToken);
  }

  private static Optional<String> text(JWTClaimsSet claims, String name) {
    return claims.getClaim(name) instanceof String text ? Optional.of(text) : Optional.empty();
  }

  /** Some providers send a string; it is not a verification that can be trusted. */
  private static boolean isVerified(JWTClaimsSet claims) {
    return Boolean.TRUE.equals(claims.getClaim(EMAIL_VERIFIED));
  }

  /** A claim of another form has no groups: a user never gets more by it. */
  private List<String> groups(JWTClaimsSet claims) {
    return claims.getClaim(settings.groupsClaim()) instanceof List<?> groups
        ? groups.stream()
            .filter(String.class::isInstance)
            .map(String.class::cast)
            .collect(Collectors.toUnmodifiableList())
        : List.of();
  }

  @Override
  public Optional<URI> logoutUrl(Optional<String> idToken) {
    return discover()
        .ok()
        .map(provider -> provider.metadata().getEndSessionEndpointURI())
        .map(endpoint ->
            new LogoutRequest(
                    endpoint,
                    idToken.flatMap(OidcProvider::parse).orElse(null),
                    null,
                    client,
                    settings.signedOut(),
                    null,
                    null)
                .toURI());
  }

  private static Optional<JWT> parse(String token) {
    try {
      return Optional.of(JWTParser.parse(token));
    } catch (ParseException e) {
      return Optional.empty();
    }
  }

  @Override
  public ProviderResult<Revocation> logout(String logoutToken) {
    Optional<JWT> token = parse(logoutToken);
    return token.isEmpty()
        ? new ProviderResult.Refused<>("the logout token is unreadable")
        : discover().flatMap(provider -> revocation(provider, token.get()));
  }

  private ProviderResult<Revocation> revocation(Discovered provider, JWT token) {
    try {
      LogoutTokenClaimsSet claims = provider.logoutTokens().validate(token);
      if (claims.getSessionID() != null) {
        return new ProviderResult.Ok<>(
            new Revocation.OfProviderSession(claims.getSessionID().getValue()));
      }
      return claims.getSubject() == null
          ? new ProviderResult.Refused<>("the logout token names no session and no user")
          : new ProviderResult.Ok<>(
              new Revocation.OfSubject(claims.getSubject().getValue(), clock.instant()));
    } catch (KeySourceException e) {
      return unavailable("the keys cannot be read: " + e.getMessage());
    } catch (BadJOSEException | JOSEException e) {
      return new ProviderResult.Refused<>("the logout token is not valid: " + e.getMessage());
    }
  }

  @Override
  public ProviderResult<VerifiedToken> verify(String token, Set<String> audiences) {
    Optional<JWT> parsed = parse(token);
    return parsed.isEmpty()
        ? new ProviderResult.Refused<>("the token is not a JWT")
        : discover().flatMap(provider -> verify(provider, parsed.get(), audiences));
  }

  private ProviderResult<VerifiedToken> verify(
      Discovered provider, JWT token, Set<String> audiences) {
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    processor.setJWSKeySelector(provider.keys());
    processor.setJWSTypeVerifier(BEARER_TYPES);
    DefaultJWTClaimsVerifier<SecurityContext> claims =
        new DefaultJWTClaimsVerifier<>(
            audiences,
            new JWTClaimsSet.Builder().issuer(settings.issuer()).build(),
            Set.of("sub", "exp", "iat"),
            // A logout token is signed with the same keys.
            Set.of("events"));
    claims.setMaxClockSkew((int) settings.clockSkew().toSeconds());
    processor.setJWTClaimsSetVerifier(claims);
    try {
      JWTClaimsSet all = processor.process(token, null);
      Date signedIn = all.getDateClaim("auth_time");
      return new ProviderResult.Ok<>(
          new VerifiedToken(
              new ProvidedUser(
                  all.getSubject(),
                  Optional.ofNullable(all.getStringClaim("sid")),
                  Optional.ofNullable(all.getStringClaim("email")),
                  Boolean.TRUE.equals(all.getBooleanClaim("email_verified")),
                  groups(all),
                  token.serialize()),
              (signedIn == null ? all.getIssueTime() : signedIn).toInstant()));
    } catch (KeySourceException e) {
      return unavailable("the keys cannot be read: " + e.getMessage());
    } catch (BadJOSEException | JOSEException | ParseException e) {
      return new ProviderResult.Refused<>("the token is not valid: " + e.getMessage());
    }
  }

  /** What was discovered last, or now if that is too long ago. */
  private ProviderResult<Discovered> discover() {
    Optional<Discovered> known = discovered;
    Instant now = clock.instant();
    if (known.filter(found -> found.at().plus(METADATA_LIFETIME).isAfter(now)).isPresent()) {
      return new ProviderResult.Ok<>(known.get());
    }
    return discover(now);
  }

  @Override
  public Optional<String> check() {
    return switch (read(clock.instant())) {
      case ProviderResult.Ok<Discovered>(Discovered found) -> {
        discovered = Optional.of(found);
        yield Optional.empty();
      }
      case ProviderResult.Refused<Discovered>(String reason) -> Optional.of(reason);
      case ProviderResult.Unavailable<Discovered>(String reason) -> Optional.of(reason);
    };
  }

  private ProviderResult<Discovered> discover(Instant now) {
    Optional<Discovered> known = discovered;
    ProviderResult<Discovered> result = read(now);
    switch (result) {
      case ProviderResult.Ok<Discovered>(Discovered found) -> {
        discovered = Optional.of(found);
        logged = "";
        return result;
      }
      case ProviderResult.Refused<Discovered>(String reason) -> log(reason);
      case ProviderResult.Unavailable<Discovered>(String reason) -> log(reason);
    }
    // An outage of discovery alone must not end sign-ins.
    return known.<ProviderResult<Discovered>>map(ProviderResult.Ok::new).orElse(result);
  }

  private void log(String reason) {
    if (!reason.equals(logged)) {
      LOG.warn("provider {}: {}", settings.issuer(), reason);
      logged = reason;
    }
  }

  private ProviderResult<Discovered> read(Instant now) {
    Issuer issuer = new Issuer(settings.issuer());
    try {
      OIDCProviderMetadata metadata = OIDCProviderMetadata.resolve(issuer, this::limitDiscovery);
      Set<JWSAlgorithm> offered =
          metadata.getIDTokenJWSAlgs() == null
              ? Set.of(JWSAlgorithm.RS256)
              : metadata.getIDTokenJWSAlgs().stream()
                  .filter(ALGORITHMS::contains)
                  .collect(Collectors.toUnmodifiableSet());
      if (offered.isEmpty()) {
        return unavailable("the provider signs with none of the algorithms " + ALGORITHMS);
      }
      JWSVerificationKeySelector<SecurityContext> keys =
          new JWSVerificationKeySelector<>(offered, keys(metadata));
      IDTokenValidator idTokens = new IDTokenValidator(issuer, client, keys, null);
      idTokens.setMaxClockSkew((int) settings.clockSkew().toSeconds());
      // The type of the token is optional; its claims tell it from an ID token.
      LogoutTokenValidator logoutTokens =
          new LogoutTokenValidator(issuer, client, false, keys, null);
      logoutTokens.setMaxClockSkew((int) settings.clockSkew().toSeconds());
      return new ProviderResult.Ok<>(new Discovered(metadata, keys, idTokens, logoutTokens, now));
    } catch (GeneralException | IOException | RuntimeException e) {
      return unavailable("discovery failed: " + e.getMessage());
    }
  }

  private JWKSource<SecurityContext> keys(OIDCProviderMetadata metadata)
      throws MalformedURLException {
    int timeout = (int) settings.timeout().toMillis();
    // A retriever for each read: the CA file can have changed.
    return JWKSourceBuilder.create(
            metadata.getJWKSetURI().toURL(),
            url ->
                new DefaultResourceRetriever(timeout, timeout, MAX_DOCUMENT, true, sockets())
                    .retrieveResource(url))
        .cache(KEY_LIFETIME.toMillis(), timeout * 2L)
        .refreshAheadCache(false)
        .rateLimited(KEY_INTERVAL.toMillis())
        .build();
  }

  private void limit(HTTPRequest request) throws IOException {
    request.setConnectTimeout((int) settings.timeout().toMillis());
    request.setReadTimeout((int) settings.timeout().toMillis());
    request.setFollowRedirects(false);
    request.setSSLSocketFactory(sockets());
  }

  private void limitDiscovery(HTTPRequest request) {
    try {
      limit(request);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private SSLSocketFactory sockets() throws IOException {
    return trusted.isPresent()
        ? trusted.get().sockets()
        : (SSLSocketFactory) SSLSocketFactory.getDefault();
  }

  private <T> ProviderResult<T> unavailable(String reason) {
    onError.run();
    return new ProviderResult.Unavailable<>(reason);
  }
}
