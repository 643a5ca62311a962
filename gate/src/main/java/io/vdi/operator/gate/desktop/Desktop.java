package io.vdi.operator.gate.desktop;

import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/**
 * The desktop of a session.
 *
 * @param uid of the session: another session of the same name or host is another desktop
 * @param user the e-mail of the owner
 * @param allowed whom the template allows
 * @param origin scheme, host and port, such as {@code https://alice.example.com}
 * @param deleting whether the session is being deleted
 */
public record Desktop(
    SessionKey session,
    String uid,
    String user,
    String template,
    AllowedUsers allowed,
    URI origin,
    boolean deleting) {
  /**
   * Empty while the session has no address.
   *
   * @param allowed whom its template allows
   */
  static Optional<Desktop> of(VdiSession session, AllowedUsers allowed) {
    return origin(session.status().url())
        .map(origin ->
            new Desktop(
                SessionKey.of(session),
                session.uid(),
                session.spec().user(),
                session.spec().template(),
                allowed,
                origin,
                session.metadata().isDeleting()));
  }

  /** The same desktop, whose template allows other users. */
  public Desktop with(AllowedUsers now) {
    return new Desktop(session, uid, user, template, now, origin, deleting);
  }

  /** Host and port as {@code Host} headers have them. */
  public String authority() {
    return origin.getRawAuthority();
  }

  /** Scheme, host and port of an address in lower case; empty if it has none. */
  public static Optional<URI> origin(String url) {
    try {
      URI uri = new URI(url);
      if (uri.getHost() == null || uri.getScheme() == null || uri.getRawUserInfo() != null) {
        return Optional.empty();
      }
      String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
      int standard =
          switch (scheme) {
            case "https" -> 443;
            case "http" -> 80;
            default -> 0;
          };
      if (standard == 0) {
        return Optional.empty();
      }
      int port = uri.getPort() == standard ? -1 : uri.getPort();
      return Optional.of(
          new URI(scheme, null, uri.getHost().toLowerCase(Locale.ROOT), port, null, null, null));
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }
}
