package io.vdi.operator.gate.signin;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.revocation.Revocation;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OidcProviderTest {
  private static final String SECRET = "a-client-secret-of-at-least-32-bytes!!";
  private static final PendingSignIn PENDING =
      new PendingSignIn("the-state", "the-nonce", "v".repeat(43), ReturnPath.ROOT);

  private final TestProvider fake = TestProvider.start();
  private final OidcProvider provider = provider(fake.issuer());

  @AfterEach
  void stop() {
    fake.close();
  }

  @Test
  @DisplayName("the request has state, nonce and the S256 challenge, and not the verifier")
  void authorization() {
    String url = provider.authorizationUrl(PENDING, false).ok().orElseThrow().toString();
    assertThat(url)
        .startsWith(fake.issuer() + "/auth?")
        .contains("state=the-state", "nonce=the-nonce", "code_challenge_method=S256")
        .contains("redirect_uri=https%3A%2F%2Fportal.example.com%2Fsignin%2Fcallback")
        .contains("response_type=code", "client_id=vdi", "code_challenge=")
        .doesNotContain(PENDING.verifier())
        .doesNotContain("prompt=");
    assertThat(provider.authorizationUrl(PENDING, true).ok().orElseThrow().toString())
        .contains("prompt=login");
  }

  @Test
  @DisplayName("the code is exchanged with the verifier, for the user of the ID token")
  void exchange() {
    Provider.ProvidedUser user = exchanged().ok().orElseThrow();
    assertThat(user.subject()).isEqualTo("sub-alice");
    assertThat(user.session()).contains("session-1");
    assertThat(user.email()).contains("alice@example.com");
    assertThat(user.emailVerified()).isTrue();
    assertThat(user.groups()).containsExactly("staff", "admins");
    assertThat(fake.tokenRequests().getFirst())
        .contains("code_verifier=" + PENDING.verifier(), "code=the-code");
  }

  @Test
  @DisplayName("an ID token that is not exactly right is refused")
  void wrongTokens() {
    refused(claims -> fake.sign(claims.claim("nonce", "other").build()));
    refused(claims -> fake.sign(claims.claim("nonce", null).build()));
    refused(claims -> fake.sign(claims.audience("other").build()));
    refused(claims -> fake.sign(claims.issuer("https://evil.example").build()));
    refused(claims -> fake.sign(claims.expirationTime(ago(120)).build()));
    refused(claims -> TestProvider.sign(claims.build(), TestProvider.newKey("k1")));
    refused(claims -> new PlainJWT(claims.build()).serialize());
    refused(claims -> hmac(claims.build(), SECRET));
    refused(claims -> hmac(claims.build(), fake.key().toPublicJWK().toJSONString()));
  }

  @Test
  @DisplayName("clocks can differ by the setting")
  void clockSkew() {
    fake.idToken(claims -> fake.sign(claims.expirationTime(ago(20)).build()));
    assertThat(exchanged().ok()).isPresent();
  }

  @Test
  @DisplayName("a missing or false verification of the e-mail is not taken as verified")
  void unverified() {
    fake.idToken(claims -> fake.sign(claims.claim("email_verified", null).build()));
    assertThat(exchanged().ok().orElseThrow().emailVerified()).isFalse();
    fake.idToken(claims -> fake.sign(claims.claim("email_verified", false).build()));
    assertThat(exchanged().ok().orElseThrow().emailVerified()).isFalse();
    // Some providers send a string; it is not a verification that the library can trust.
    fake.idToken(claims -> fake.sign(claims.claim("email_verified", "true").build()));
    assertThat(exchanged().ok().map(Provider.ProvidedUser::emailVerified).orElse(false)).isFalse();
  }

  @Test
  @DisplayName("a claim of groups in another form gives no groups")
  void groups() {
    fake.idToken(claims -> fake.sign(claims.claim("groups", "admins").build()));
    assertThat(exchanged().ok().orElseThrow().groups()).isEmpty();
    fake.idToken(claims -> fake.sign(claims.claim("groups", List.of("a", 1)).build()));
    assertThat(exchanged().ok().orElseThrow().groups()).containsExactly("a");
  }

  @Test
  @DisplayName("claims that the ID token lacks are read from the userinfo endpoint")
  void userInfo() {
    fake.idToken(claims ->
        fake.sign(
            claims
                .claim("email", null)
                .claim("email_verified", null)
                .claim("groups", null)
                .build()));
    fake.userInfo(
        "{\"sub\": \"sub-alice\", \"email\": \"alice@example.com\", \"email_verified\": true, \"groups\": [\"ops\"]}");
    Provider.ProvidedUser user = exchanged().ok().orElseThrow();
    assertThat(user.email()).contains("alice@example.com");
    assertThat(user.emailVerified()).isTrue();
    assertThat(user.groups()).containsExactly("ops");
    fake.userInfo("{\"sub\": \"sub-bob\", \"email\": \"bob@example.com\"}");
    assertThat(exchanged()).isInstanceOf(ProviderResult.Refused.class);
    fake.userInfo("{\"email\": \"alice@example.com\"}");
    assertThat(exchanged()).isInstanceOf(ProviderResult.Refused.class);
    fake.userInfo("");
    assertThat(exchanged().ok()).isEmpty();
  }

  @Test
  @DisplayName("the ID token wins, and a verification counts only for the address beside it")
  void userInfoDiffers() {
    fake.userInfo(
        "{\"sub\": \"sub-alice\", \"email\": \"root@example.com\", \"email_verified\": true, \"groups\": [\"admins\"]}");
    fake.idToken(claims -> fake.sign(claims.claim("email_verified", null).build()));
    Provider.ProvidedUser user = exchanged().ok().orElseThrow();
    assertThat(user.email()).contains("alice@example.com");
    assertThat(user.emailVerified()).isFalse();
    assertThat(user.groups()).containsExactly("staff", "admins");
    fake.idToken(claims -> fake.sign(claims.claim("email", null).build()));
    assertThat(exchanged().ok().orElseThrow().emailVerified()).isFalse();
    long before = fake.requestsFor("/userinfo");
    fake.idToken(claims -> fake.sign(claims.build()));
    assertThat(exchanged().ok()).isPresent();
    assertThat(fake.requestsFor("/userinfo")).isEqualTo(before);
  }

  @Test
  @DisplayName("only the CAs of the file are trusted, and a changed file applies")
  void caFile(@TempDir Path folder) throws Exception {
    ClusterCertificateAuthority ca = new ClusterCertificateAuthority("provider");
    Path file = folder.resolve("ca.crt");
    Files.writeString(file, new ClusterCertificateAuthority("other").certificate());
    AtomicInteger errors = new AtomicInteger();
    try (TestProvider secure =
        TestProvider.start(
            ca.server("provider", List.of(), List.of("127.0.0.1")).serverContext())) {
      OidcProvider trusting = provider(secure.issuer(), Optional.of(file), errors::incrementAndGet);
      assertThat(trusting.check()).isPresent();
      Files.writeString(file, "rubbish");
      assertThat(trusting.check().orElseThrow()).contains("ca.crt");
      Files.delete(file);
      assertThat(trusting.check().orElseThrow()).contains("ca.crt");
      assertThat(errors).hasValue(3);
      Files.writeString(file, ca.certificate());
      assertThat(trusting.check()).isEmpty();
      secure.nonce("the-nonce");
      secure.idToken(claims -> secure.sign(claims.claim("email", null).build()));
      secure.userInfo("{\"sub\": \"sub-alice\", \"email\": \"alice@example.com\"}");
      assertThat(trusting.exchange("the-code", PENDING).ok().orElseThrow().email())
          .contains("alice@example.com");
    }
    assertThat(provider("https://127.0.0.1:1").check().orElseThrow()).contains("discovery failed");
  }

  @Test
  @DisplayName("a new key is read when a token names it; unknown ids do not flood the provider")
  void keyRotation() {
    assertThat(exchanged().ok()).isPresent();
    fake.rotate("k2");
    assertThat(exchanged().ok()).isPresent();
    long before = fake.requestsFor("/keys");
    for (int i = 0; i < 20; i++) {
      String id = "unknown" + i;
      fake.idToken(claims -> TestProvider.sign(claims.build(), withId(id)));
      assertThat(exchanged().ok()).isEmpty();
    }
    assertThat(fake.requestsFor("/keys") - before).isLessThanOrEqualTo(1);
  }

  @Test
  @DisplayName("a provider that does not answer, or that has another issuer, is unavailable")
  void unavailable() {
    fake.close();
    assertThat(provider.authorizationUrl(PENDING, false))
        .isInstanceOf(ProviderResult.Unavailable.class);
    assertThat(new NoProvider().authorizationUrl(PENDING, false))
        .isInstanceOf(ProviderResult.Unavailable.class);
    try (TestProvider other = TestProvider.start()) {
      assertThat(provider(other.issuer() + "/x").authorizationUrl(PENDING, false))
          .isInstanceOf(ProviderResult.Unavailable.class);
    }
  }

  @Test
  @DisplayName("the logout address has the ID token")
  void logoutUrl() {
    String token = fake.sign(new JWTClaimsSet.Builder().subject("a").build());
    assertThat(provider.logoutUrl(Optional.of(token)).orElseThrow().toString())
        .startsWith(fake.issuer() + "/logout?")
        .contains("id_token_hint=" + token, "client_id=vdi")
        .contains("post_logout_redirect_uri=https%3A%2F%2Fportal.example.com%2Fsigned-out");
    assertThat(provider.logoutUrl(Optional.of("rubbish")).orElseThrow().toString())
        .doesNotContain("rubbish");
  }

  @Test
  @DisplayName("a logout token ends a session, or all of a user")
  void logout() {
    assertThat(provider.logout(fake.sign(fake.logoutClaims("s1").build())).ok())
        .contains(new Revocation.OfProviderSession("s1"));
    assertThat(
            provider
                .logout(fake.sign(fake.logoutClaims("x").claim("sid", null).subject("u").build()))
                .ok()
                .orElseThrow())
        .isInstanceOf(Revocation.OfSubject.class);
  }

  @Test
  @DisplayName("an ID token, a forged, foreign, old or incomplete token is no logout token")
  void wrongLogouts() {
    for (JWTClaimsSet claims :
        List.of(
            fake.logoutClaims("s1").claim("nonce", "n").build(),
            fake.logoutClaims("s1").claim("events", null).build(),
            fake.logoutClaims("s1").claim("events", Map.of("other", Map.of())).build(),
            fake.logoutClaims("s1").jwtID(null).build(),
            fake.logoutClaims("s1").claim("sid", null).build(),
            fake.logoutClaims("s1").audience("other").build(),
            fake.logoutClaims("s1").issuer("https://evil.example").build(),
            fake.logoutClaims("s1").expirationTime(ago(600)).build())) {
      assertThat(provider.logout(fake.sign(claims)))
          .as(claims.toString())
          .isInstanceOf(ProviderResult.Refused.class);
    }
    JWTClaimsSet right = fake.logoutClaims("s1").build();
    for (String forged :
        List.of(
            new PlainJWT(right).serialize(),
            hmac(right, SECRET),
            TestProvider.sign(right, TestProvider.newKey("k1")),
            "rubbish",
            "")) {
      assertThat(provider.logout(forged)).isInstanceOf(ProviderResult.Refused.class);
    }
  }

  private void refused(Function<JWTClaimsSet.Builder, String> token) {
    fake.idToken(token);
    assertThat(exchanged()).isInstanceOf(ProviderResult.Refused.class);
  }

  private ProviderResult<Provider.ProvidedUser> exchanged() {
    fake.nonce("the-nonce");
    return provider.exchange("the-code", PENDING);
  }

  private RSAKey withId(String id) {
    return new RSAKey.Builder(fake.key()).keyID(id).build();
  }

  private static Date ago(int seconds) {
    return Date.from(Instant.now().minusSeconds(seconds));
  }

  private static String hmac(JWTClaimsSet claims, String secret) {
    try {
      SignedJWT jwt =
          new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("k1").build(), claims);
      jwt.sign(new MACSigner(secret.getBytes(StandardCharsets.UTF_8)));
      return jwt.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static OidcProvider provider(String issuer) {
    return provider(issuer, Optional.empty(), () -> {});
  }

  private static OidcProvider provider(String issuer, Optional<Path> caFile, Runnable onError) {
    return new OidcProvider(
        new OidcSettings(
            issuer,
            TestProvider.CLIENT,
            () -> Optional.of(SECRET),
            caFile,
            List.of("openid", "email"),
            "groups",
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            URI.create("https://portal.example.com/signin/callback"),
            URI.create("https://portal.example.com/signed-out")),
        InstantSource.system(),
        onError);
  }
}
