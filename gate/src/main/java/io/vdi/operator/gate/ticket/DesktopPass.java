package io.vdi.operator.gate.ticket;

import com.nimbusds.jwt.JWTClaimsSet;
import io.vdi.operator.gate.desktop.Grant;
import io.vdi.operator.gate.keys.TokenKind;
import io.vdi.operator.gate.keys.Tokens;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The right to use one desktop: the content of the cookie {@value #COOKIE} on the desktop's host.
 *
 * @param authority the host of the desktop
 * @param sessionUid of the session
 * @param issuedAt when the cookie was made or renewed
 */
public record DesktopPass(String authority, String sessionUid, Grant grant, Instant issuedAt) {
  public static final String COOKIE = "__Host-vdi-desktop";

  /** When it expires: never after the sign-in. */
  public Instant expires(Duration lifetime) {
    Instant end = issuedAt.plus(lifetime);
    Instant last = grant.holder().expiresAt();
    return end.isBefore(last) ? end : last;
  }

  /** The same right, issued now. */
  public DesktopPass renewed(Instant now) {
    return new DesktopPass(authority, sessionUid, grant, now);
  }

  /** Empty if there are no keys. */
  public Optional<String> sign(Tokens tokens, Duration lifetime) {
    return tokens.sign(
        TokenKind.DESKTOP,
        authority,
        expires(lifetime),
        grant.addTo(new JWTClaimsSet.Builder()).claim("uid", sessionUid).build());
  }

  /** The pass for this host; empty if the cookie is not valid now. It can be revoked. */
  public static Optional<DesktopPass> verify(Tokens tokens, String authority, String cookie) {
    return tokens
        .verify(TokenKind.DESKTOP, authority, cookie)
        .flatMap(claims -> {
          try {
            String uid = claims.getStringClaim("uid");
            return uid == null
                ? Optional.empty()
                : Optional.of(
                    new DesktopPass(
                        authority, uid, Grant.of(claims), claims.getIssueTime().toInstant()));
          } catch (ParseException e) {
            return Optional.empty();
          }
        });
  }
}
