package io.vdi.operator.gate.desktop;

import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The desktop of a session.
 *
 * @param uid of the session: another session of the same name or host is another desktop
 * @param user the e-mail of the owner
 * @param allowed whom the template allows
 * @param origin scheme, host and port, such as {@code https://alice.example.com}
 * @param state what a visitor can expect
 * @param canShare whether its flavor has a login that only shows the picture
 * @param shares the guests; none if it cannot be shared
 */
public record Desktop(
    SessionKey session,
    String uid,
    String user,
    String template,
    AllowedUsers allowed,
    URI origin,
    State state,
    boolean canShare,
    List<Share> shares) {
  public Desktop {
    shares = canShare ? List.copyOf(shares) : List.of();
  }

  /** What a visitor can expect of a desktop. */
  public sealed interface State {
    static State of(VdiSession session) {
      if (session.metadata().isDeleting()) {
        return new Deleting();
      }
      return session.status().phase() == Phase.RUNNING && !session.spec().suspended()
          ? new Running()
          : new Stopped(stoppedAt(session));
    }

    private static Instant stoppedAt(VdiSession session) {
      return Stream.of(Condition.SUSPENDED, Condition.READY)
          .flatMap(type -> session.status().condition(type).stream())
          .map(Condition::lastTransitionTime)
          .findFirst()
          .orElse(Instant.EPOCH);
    }
  }

  /** It answers requests. */
  public record Running() implements State {}

  /**
   * It starts, waits, sleeps or has failed: the page of its session says which.
   *
   * @param since when it stopped; long ago if that is not known
   */
  public record Stopped(Instant since) implements State {}

  /** Its session is being deleted. */
  public record Deleting() implements State {}

  /**
   * Empty while the session has no address.
   *
   * @param template empty if it is deleted: most desktops can be shared
   */
  static Optional<Desktop> of(VdiSession session, Optional<VdiTemplate> template) {
    return origin(session.status().url())
        .map(origin ->
            new Desktop(
                SessionKey.of(session),
                session.uid(),
                session.spec().user(),
                session.spec().template(),
                AllowedUsers.of(template),
                origin,
                State.of(session),
                template.map(found -> found.spec().server().canShare()).orElse(true),
                session.spec().shares()));
  }

  /** The same desktop, whose template allows other users. */
  public Desktop with(AllowedUsers now) {
    return new Desktop(session, uid, user, template, now, origin, state, canShare, shares);
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
