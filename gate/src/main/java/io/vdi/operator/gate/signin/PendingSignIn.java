package io.vdi.operator.gate.signin;

import com.nimbusds.jwt.JWTClaimsSet;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.keys.TokenKind;
import io.vdi.operator.gate.keys.Tokens;
import java.text.ParseException;
import java.time.Instant;
import java.util.Optional;

/**
 * A sign-in between the redirect to the provider and the return. It is in an encrypted cookie of
 * the browser, because the return can reach another replica. A sign-in that another browser has
 * begun therefore cannot be finished in this one.
 *
 * @param state returns in the address
 * @param nonce returns in the ID token
 * @param verifier of PKCE: proves to the provider that the code came back to who asked for it
 * @param returnPath the page that the user wanted
 */
public record PendingSignIn(String state, String nonce, String verifier, ReturnPath returnPath) {
  static final String COOKIE = "__Host-vdi-pending";

  private static final String AUDIENCE = "pending-sign-in";

  Optional<String> seal(Tokens tokens, Instant expires) {
    return tokens.seal(
        TokenKind.PENDING_SIGN_IN,
        AUDIENCE,
        expires,
        new JWTClaimsSet.Builder()
            .claim("state", state)
            .claim("nonce", nonce)
            .claim("verifier", verifier)
            .claim("return", returnPath.value())
            .build());
  }

  static Optional<PendingSignIn> open(Tokens tokens, String cookie) {
    return tokens.open(TokenKind.PENDING_SIGN_IN, AUDIENCE, cookie).flatMap(PendingSignIn::of);
  }

  private static Optional<PendingSignIn> of(JWTClaimsSet claims) {
    try {
      String state = claims.getStringClaim("state");
      String nonce = claims.getStringClaim("nonce");
      String verifier = claims.getStringClaim("verifier");
      String path = claims.getStringClaim("return");
      return state == null || nonce == null || verifier == null || path == null
          ? Optional.empty()
          : ReturnPath.parse(path).map(to -> new PendingSignIn(state, nonce, verifier, to));
    } catch (ParseException e) {
      return Optional.empty();
    }
  }

  /** Without the secrets. */
  @Override
  public String toString() {
    return "sign-in for " + returnPath.value();
  }
}
