package io.vdi.operator.gate.ticket;

import com.nimbusds.jwt.JWTClaimsSet;
import io.vdi.operator.gate.desktop.Grant;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.keys.TokenKind;
import io.vdi.operator.gate.keys.Tokens;
import java.text.ParseException;
import java.time.Instant;
import java.util.Optional;

/**
 * Opens one desktop once, in one browser, within seconds. The portal puts it into an address of the
 * desktop's host.
 *
 * @param id is recorded when the ticket is used
 * @param authority the host of the desktop
 * @param sessionUid of the session that had the host when the ticket was made
 * @param nonceHash of the browser's {@link Nonce}
 * @param path of the desktop that the user wanted
 */
public record Ticket(
    String id,
    String authority,
    String sessionUid,
    Grant grant,
    String nonceHash,
    ReturnPath path) {

  /** Empty if there are no keys, or if the path makes the ticket too long. */
  public Optional<String> sign(Tokens tokens, Instant expires) {
    return tokens.sign(
        TokenKind.TICKET,
        authority,
        expires,
        grant
            .addTo(new JWTClaimsSet.Builder())
            .jwtID(id)
            .claim("uid", sessionUid)
            .claim("nonce", nonceHash)
            .claim("path", path.value())
            .build());
  }

  /** The ticket for this host; empty if it is not valid now. It can be used or revoked. */
  public static Optional<Ticket> verify(Tokens tokens, String authority, String token) {
    return tokens
        .verify(TokenKind.TICKET, authority, token)
        .flatMap(claims -> of(authority, claims));
  }

  private static Optional<Ticket> of(String authority, JWTClaimsSet claims) {
    try {
      String uid = claims.getStringClaim("uid");
      String nonce = claims.getStringClaim("nonce");
      String path = claims.getStringClaim("path");
      if (claims.getJWTID() == null || uid == null || nonce == null || path == null) {
        return Optional.empty();
      }
      Grant grant = Grant.of(claims);
      return ReturnPath.parse(path)
          .map(to -> new Ticket(claims.getJWTID(), authority, uid, grant, nonce, to));
    } catch (ParseException e) {
      return Optional.empty();
    }
  }
}
