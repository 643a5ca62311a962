package io.vdi.operator.gate.revocation;

import com.nimbusds.jwt.JWTClaimsSet;
import java.text.ParseException;
import java.time.Instant;
import java.util.Optional;

/**
 * The user and the sign-in that a token belongs to. Every token has it, so that each of them can be
 * revoked.
 *
 * @param signInId of the gate
 * @param providerSession the {@code sid} of the provider; empty if it sends none
 * @param subject the {@code sub} of the provider
 * @param email of the user
 * @param signedInAt when the user signed in
 * @param expiresAt when the sign-in ends at the latest
 */
public record Holder(
    String signInId,
    Optional<String> providerSession,
    String subject,
    String email,
    Instant signedInAt,
    Instant expiresAt) {
  private static final String SIGN_IN = "sid";
  private static final String PROVIDER_SESSION = "psid";
  private static final String EMAIL = "email";
  private static final String SIGNED_IN = "sat";
  private static final String EXPIRES = "sxp";

  /** Adds this holder to the claims of a token. */
  public JWTClaimsSet.Builder addTo(JWTClaimsSet.Builder claims) {
    return claims
        .subject(subject)
        .claim(SIGN_IN, signInId)
        .claim(PROVIDER_SESSION, providerSession.orElse(null))
        .claim(EMAIL, email)
        .claim(SIGNED_IN, signedInAt.getEpochSecond())
        .claim(EXPIRES, expiresAt.getEpochSecond());
  }

  /**
   * Reads the holder of a token.
   *
   * @throws ParseException if a claim is missing or has another type
   */
  public static Holder of(JWTClaimsSet claims) throws ParseException {
    return new Holder(
        required(claims.getStringClaim(SIGN_IN), SIGN_IN),
        Optional.ofNullable(claims.getStringClaim(PROVIDER_SESSION)),
        required(claims.getSubject(), "sub"),
        required(claims.getStringClaim(EMAIL), EMAIL),
        time(claims, SIGNED_IN),
        time(claims, EXPIRES));
  }

  private static String required(String value, String claim) throws ParseException {
    if (value == null || value.isEmpty()) {
      throw new ParseException("the token has no " + claim, 0);
    }
    return value;
  }

  /** A time in seconds, which is how tokens have it. */
  private static Instant time(JWTClaimsSet claims, String claim) throws ParseException {
    Long seconds = claims.getLongClaim(claim);
    if (seconds == null) {
      throw new ParseException("the token has no " + claim, 0);
    }
    return Instant.ofEpochSecond(seconds);
  }
}
