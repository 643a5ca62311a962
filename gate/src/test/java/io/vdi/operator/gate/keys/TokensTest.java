package io.vdi.operator.gate.keys;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TokensTest {
  private static final String ISSUER = "https://portal.example.com";
  private static final String HOST = "alice.example.com";

  private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final KeyRing ring = KeyRing.first(KeyGeneration::random, now);
  private volatile Optional<KeyRing> keys = Optional.of(ring);
  private final Tokens tokens = new Tokens(() -> keys, ISSUER, () -> now);
  private final JWTClaimsSet claims = new JWTClaimsSet.Builder().subject("alice").build();

  @Test
  @DisplayName("a token is valid for its kind and audience until it expires")
  void valid() {
    String token = token();
    assertThat(tokens.verify(TokenKind.TICKET, HOST, token))
        .map(JWTClaimsSet::getSubject)
        .contains("alice");
    assertThat(tokens.verify(TokenKind.DESKTOP, HOST, token)).isEmpty();
    assertThat(tokens.verify(TokenKind.TICKET, "bob.example.com", token)).isEmpty();
    String changed = token.substring(0, token.length() - 4) + "AAAA";
    assertThat(tokens.verify(TokenKind.TICKET, HOST, changed)).isEmpty();
    now = now.plusSeconds(30);
    assertThat(tokens.verify(TokenKind.TICKET, HOST, token)).isEmpty();
  }

  @Test
  @DisplayName("a token of another issuer with the same key is not valid")
  void issuer() {
    Tokens other = new Tokens(() -> keys, "https://other.example.com", () -> now);
    assertThat(tokens.verify(TokenKind.TICKET, HOST, sign(other).orElseThrow())).isEmpty();
  }

  @Test
  @DisplayName("a token of a key that is not in the ring is not valid")
  void unknownKey() {
    String token = token();
    // Also one that was valid before.
    assertThat(tokens.verify(TokenKind.TICKET, HOST, token)).isPresent();
    keys = Optional.of(KeyRing.first(KeyGeneration::random, now));
    assertThat(tokens.verify(TokenKind.TICKET, HOST, token)).isEmpty();
    keys = Optional.empty();
    assertThat(tokens.verify(TokenKind.TICKET, HOST, token)).isEmpty();
    assertThat(sign(tokens)).isEmpty();
  }

  @Test
  @DisplayName("neither \"none\" nor a signature with the public key as HMAC secret is accepted")
  void algorithmConfusion() throws Exception {
    JWTClaimsSet complete =
        new JWTClaimsSet.Builder(claims)
            .issuer(ISSUER)
            .audience(HOST)
            .issueTime(Date.from(now))
            .expirationTime(Date.from(now.plusSeconds(30)))
            .build();
    byte[] publicKey =
        ring.current(now).signing().toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8);
    for (JWSAlgorithm algorithm : List.of(JWSAlgorithm.HS256, JWSAlgorithm.HS512)) {
      SignedJWT forged =
          new SignedJWT(
              new JWSHeader.Builder(algorithm)
                  .keyID(ring.current(now).id())
                  .type(TokenKind.TICKET.type())
                  .build(),
              complete);
      forged.sign(new MACSigner(publicKey));
      assertThat(tokens.verify(TokenKind.TICKET, HOST, forged.serialize())).isEmpty();
    }
    assertThat(tokens.verify(TokenKind.TICKET, HOST, new PlainJWT(complete).serialize())).isEmpty();
    String[] parts = token().split("\\.", -1);
    String none =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(
                "{\"alg\":\"none\",\"typ\":\"vdi-ticket+jwt\"}".getBytes(StandardCharsets.UTF_8));
    assertThat(tokens.verify(TokenKind.TICKET, HOST, none + "." + parts[1] + ".")).isEmpty();
  }

  @Test
  @DisplayName("a changed token, an oversize one and other text are not valid")
  void garbage() {
    String token = token();
    String changed = token.substring(0, token.length() - 3) + "AAA";
    for (String text :
        List.of("", ".", "..", "a.b.c", changed, token + "x", token.repeat(20), "\u0000")) {
      assertThat(tokens.verify(TokenKind.TICKET, HOST, text)).isEmpty();
      assertThat(tokens.open(TokenKind.PENDING_SIGN_IN, HOST, text)).isEmpty();
    }
  }

  @Test
  @DisplayName("a token that would not fit into a cookie is not made")
  void tooLarge() {
    JWTClaimsSet large = new JWTClaimsSet.Builder().claim("groups", "g".repeat(4000)).build();
    assertThat(tokens.sign(TokenKind.SIGN_IN, HOST, now.plusSeconds(30), large)).isEmpty();
  }

  @Test
  @DisplayName("a sealed token does not show its content, and a signed one is not accepted for it")
  void sealed() {
    String sealed =
        tokens.seal(TokenKind.PENDING_SIGN_IN, "x", now.plusSeconds(30), claims).orElseThrow();
    assertThat(tokens.open(TokenKind.PENDING_SIGN_IN, "x", sealed))
        .map(JWTClaimsSet::getSubject)
        .contains("alice");
    for (String part : sealed.split("\\.", -1)) {
      assertThat(new String(Base64.getUrlDecoder().decode(part), StandardCharsets.ISO_8859_1))
          .doesNotContain("alice");
    }
    assertThat(tokens.open(TokenKind.PENDING_SIGN_IN, "y", sealed)).isEmpty();
    assertThat(tokens.open(TokenKind.TICKET, HOST, token())).isEmpty();
    now = now.plus(Duration.ofMinutes(1));
    assertThat(tokens.open(TokenKind.PENDING_SIGN_IN, "x", sealed)).isEmpty();
  }

  private String token() {
    return sign(tokens).orElseThrow();
  }

  private Optional<String> sign(Tokens by) {
    return by.sign(TokenKind.TICKET, HOST, now.plusSeconds(30), claims);
  }
}
