package io.vdi.operator.gate.signin;

import com.nimbusds.jwt.JWTClaimsSet;
import io.vdi.operator.gate.keys.TokenKind;
import io.vdi.operator.gate.keys.Tokens;
import io.vdi.operator.gate.revocation.Holder;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A user who is signed in: the content of the cookie {@value #COOKIE} on the portal's host.
 *
 * @param groups with their prefix
 * @param usedAt when the portal was used last; the idle time counts from it
 */
public record SignIn(Holder holder, List<String> groups, Instant usedAt) {
  public static final String COOKIE = "__Host-vdi-signin";

  private static final String AUDIENCE = "portal";

  public SignIn {
    groups = List.copyOf(groups);
  }

  /** When the cookie stops to be valid, without another use. */
  Instant validUntil(Duration idleTimeout) {
    Instant idle = usedAt.plus(idleTimeout);
    return idle.isBefore(holder.expiresAt()) ? idle : holder.expiresAt();
  }

  /** The same sign-in, used now. */
  SignIn used(Instant now) {
    return new SignIn(holder, groups, now);
  }

  /** Empty if the groups make the cookie too large, or if there are no keys. */
  Optional<String> sign(Tokens tokens, Duration idleTimeout) {
    return tokens.sign(
        TokenKind.SIGN_IN,
        AUDIENCE,
        validUntil(idleTimeout),
        holder
            .addTo(new JWTClaimsSet.Builder())
            .claim("groups", groups)
            .claim("auth_time", holder.signedInAt().getEpochSecond())
            .build());
  }

  /** The sign-in of a cookie; empty if the cookie is not valid now. It can be revoked. */
  static Optional<SignIn> verify(Tokens tokens, String cookie) {
    return tokens
        .verify(TokenKind.SIGN_IN, AUDIENCE, cookie)
        .flatMap(claims -> {
          try {
            List<String> groups = claims.getStringListClaim("groups");
            return Optional.of(
                new SignIn(
                    Holder.of(claims),
                    groups == null ? List.of() : groups,
                    claims.getIssueTime().toInstant()));
          } catch (ParseException e) {
            return Optional.empty();
          }
        });
  }
}
