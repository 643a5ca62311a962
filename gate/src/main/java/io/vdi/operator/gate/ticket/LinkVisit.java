package io.vdi.operator.gate.ticket;

import com.nimbusds.jwt.JWTClaimsSet;
import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.http.CookieHeader;
import io.vdi.operator.gate.http.SetCookie;
import io.vdi.operator.gate.keys.TokenKind;
import io.vdi.operator.gate.keys.Tokens;
import io.vdi.operator.gate.revocation.Holder;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A guest without an account who has shown the code of a link: the content of the cookie {@value
 * #COOKIE} on the portal's host. It replaces the sign-in when this one desktop is opened, while the
 * link exists, and is nothing else: no page of the portal accepts it.
 *
 * @param sessionUid of the desktop
 * @param holder its address is {@link io.vdi.operator.common.model.LinkCode#user}
 */
record LinkVisit(String sessionUid, Holder holder) {
  static final String COOKIE = "__Host-vdi-link";

  private static final String AUDIENCE = "link";

  /**
   * A visit that begins now.
   *
   * @param id of the visit, as that of a sign-in
   * @param until when the link ends
   */
  static LinkVisit of(String id, String linkUser, Desktop desktop, Instant now, Instant until) {
    return new LinkVisit(
        desktop.uid(), new Holder(id, Optional.empty(), linkUser, linkUser, now, until));
  }

  /** The value of {@code Set-Cookie}; empty if there are no keys. */
  Optional<String> cookie(Tokens tokens, Instant now) {
    return tokens
        .sign(
            TokenKind.LINK_VISIT,
            AUDIENCE,
            holder.expiresAt(),
            holder.addTo(new JWTClaimsSet.Builder()).claim("uid", sessionUid).build())
        .map(token -> SetCookie.of(COOKIE, token, Duration.between(now, holder.expiresAt())));
  }

  /** The visit of a request; empty if it has no valid cookie. The link can have ended since. */
  static Optional<LinkVisit> find(Tokens tokens, CookieHeader cookies) {
    return cookies
        .get(COOKIE)
        .flatMap(cookie -> tokens.verify(TokenKind.LINK_VISIT, AUDIENCE, cookie))
        .flatMap(claims -> {
          try {
            String uid = claims.getStringClaim("uid");
            return uid == null
                ? Optional.empty()
                : Optional.of(new LinkVisit(uid, Holder.of(claims)));
          } catch (ParseException e) {
            return Optional.empty();
          }
        });
  }
}
