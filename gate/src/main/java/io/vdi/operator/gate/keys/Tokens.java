package io.vdi.operator.gate.keys;

import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.DirectDecrypter;
import com.nimbusds.jose.crypto.DirectEncrypter;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jwt.EncryptedJWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Makes and checks the gate's own tokens. A token is accepted only if its algorithm is the one that
 * this class uses, its key is in the ring, and its kind, issuer, audience and times are right.
 */
public final class Tokens {
  /** The length of a token in characters. Browsers keep cookies of up to 4,096 bytes. */
  public static final int MAX_LENGTH = 3900;

  /** Tokens of another replica, whose clock can be ahead by this much. */
  private static final Duration TOLERANCE = Duration.ofSeconds(5);

  /** Tokens whose signature is known to be right, each about 2 KB. */
  private static final int MAX_VERIFIED = 1000;

  private static final String ALGORITHM = JWSAlgorithm.ES256.getName();

  private final Supplier<Optional<KeyRing>> ring;
  private final String issuer;
  private final InstantSource clock;

  /** A page makes dozens of requests with one cookie, and a signature takes half a millisecond. */
  private final Map<Signed, Verified> verified = new ConcurrentHashMap<>();

  private record Signed(TokenKind kind, String token) {}

  private record Verified(KeyGeneration key, JWTClaimsSet claims) {}

  /**
   * @param ring the keys; empty while they are unknown: no token is valid then
   * @param issuer the public URL of the gate
   */
  public Tokens(Supplier<Optional<KeyRing>> ring, String issuer, InstantSource clock) {
    this.ring = ring;
    this.issuer = issuer;
    this.clock = clock;
  }

  /**
   * A signed token.
   *
   * @param claims without issuer, audience and expiry
   * @return empty if there are no keys, or if the token would be longer than {@link #MAX_LENGTH}
   */
  public Optional<String> sign(
      TokenKind kind, String audience, Instant expires, JWTClaimsSet claims) {
    return ring.get()
        .map(keys -> sign(keys.current(clock.instant()), kind, audience, expires, claims))
        .filter(token -> token.length() <= MAX_LENGTH);
  }

  private String sign(
      KeyGeneration key, TokenKind kind, String audience, Instant expires, JWTClaimsSet claims) {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.id()).type(kind.type()).build(),
            complete(audience, expires, claims));
    try {
      token.sign(new ECDSASigner(key.signing()));
    } catch (JOSEException e) {
      throw new IllegalStateException("cannot sign with " + key, e);
    }
    return token.serialize();
  }

  /** The claims of a signed token for this audience; empty if it is not valid now. */
  public Optional<JWTClaimsSet> verify(TokenKind kind, String audience, String token) {
    if (token.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    Signed signed = new Signed(kind, token);
    Verified known = verified.get(signed);
    if (known != null && isInRing(known.key())) {
      return Optional.of(known.claims()).filter(claims -> isCurrent(claims, audience));
    }
    Optional<Verified> checked =
        checkSignature(signed).filter(found -> isCurrent(found.claims(), audience));
    checked.ifPresent(found -> {
      if (verified.size() >= MAX_VERIFIED) {
        verified.clear();
      }
      verified.put(signed, found);
    });
    return checked.map(Verified::claims);
  }

  private boolean isInRing(KeyGeneration key) {
    return ring.get().flatMap(keys -> keys.find(key.id())).filter(key::equals).isPresent();
  }

  private Optional<Verified> checkSignature(Signed signed) {
    try {
      SignedJWT jwt = SignedJWT.parse(signed.token());
      JWSHeader header = jwt.getHeader();
      if (!header.getAlgorithm().getName().equals(ALGORITHM)
          || !signed.kind().type().equals(header.getType())
          || header.getKeyID() == null
          || header.getCriticalParams() != null) {
        return Optional.empty();
      }
      Optional<KeyGeneration> key = ring.get().flatMap(keys -> keys.find(header.getKeyID()));
      return key.isPresent() && jwt.verify(new ECDSAVerifier(key.get().signing().toECPublicKey()))
          ? Optional.of(new Verified(key.get(), jwt.getJWTClaimsSet()))
          : Optional.empty();
    } catch (ParseException | JOSEException | RuntimeException e) {
      // The text comes from the client: the library can fail in many ways.
      return Optional.empty();
    }
  }

  /** An encrypted token, which only the gate reads. Otherwise as {@link #sign}. */
  public Optional<String> seal(
      TokenKind kind, String audience, Instant expires, JWTClaimsSet claims) {
    return ring.get()
        .map(keys -> seal(keys.current(clock.instant()), kind, audience, expires, claims))
        .filter(token -> token.length() <= MAX_LENGTH);
  }

  private String seal(
      KeyGeneration key, TokenKind kind, String audience, Instant expires, JWTClaimsSet claims) {
    EncryptedJWT token =
        new EncryptedJWT(
            new JWEHeader.Builder(JWEAlgorithm.DIR, EncryptionMethod.A256GCM)
                .keyID(key.id())
                .type(kind.type())
                .build(),
            complete(audience, expires, claims));
    try {
      token.encrypt(new DirectEncrypter(key.encryption()));
    } catch (JOSEException e) {
      throw new IllegalStateException("cannot encrypt with " + key, e);
    }
    return token.serialize();
  }

  /** The claims of an encrypted token; empty if it is not valid now. */
  public Optional<JWTClaimsSet> open(TokenKind kind, String audience, String token) {
    if (token.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    try {
      EncryptedJWT jwt = EncryptedJWT.parse(token);
      JWEHeader header = jwt.getHeader();
      if (!JWEAlgorithm.DIR.equals(header.getAlgorithm())
          || !EncryptionMethod.A256GCM.equals(header.getEncryptionMethod())
          || !kind.type().equals(header.getType())
          || header.getKeyID() == null
          || header.getCompressionAlgorithm() != null
          || header.getCriticalParams() != null) {
        return Optional.empty();
      }
      Optional<KeyGeneration> key = ring.get().flatMap(keys -> keys.find(header.getKeyID()));
      if (key.isEmpty()) {
        return Optional.empty();
      }
      jwt.decrypt(new DirectDecrypter(key.get().encryption()));
      return Optional.of(jwt.getJWTClaimsSet()).filter(claims -> isCurrent(claims, audience));
    } catch (ParseException | JOSEException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private JWTClaimsSet complete(String audience, Instant expires, JWTClaimsSet claims) {
    return new JWTClaimsSet.Builder(claims)
        .issuer(issuer)
        .audience(audience)
        .issueTime(Date.from(clock.instant()))
        .expirationTime(Date.from(expires))
        .build();
  }

  private boolean isCurrent(JWTClaimsSet claims, String audience) {
    Instant now = clock.instant();
    return issuer.equals(claims.getIssuer())
        && claims.getAudience().size() == 1
        && claims.getAudience().getFirst().equals(audience)
        && claims.getExpirationTime() != null
        && claims.getExpirationTime().toInstant().isAfter(now)
        && claims.getIssueTime() != null
        && !claims.getIssueTime().toInstant().isAfter(now.plus(TOLERANCE));
  }
}
