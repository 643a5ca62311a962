package io.vdi.operator.gate.ticket;

import io.vdi.operator.common.model.LinkCode;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.gate.audit.Audit;
import io.vdi.operator.gate.audit.AuditEvent;
import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.desktop.DesktopAccess;
import io.vdi.operator.gate.desktop.DesktopLookup;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.keys.Tokens;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks the codes of links. A code names its session, so a guess costs one hash and one look-up;
 * and who guesses learns nothing: every code that lets nobody in gets the same answer.
 */
public final class LinkVisits {
  private static final Logger LOG = LoggerFactory.getLogger(LinkVisits.class);

  private final Function<String, DesktopLookup> desktops;
  private final DesktopAccess access;
  private final Tokens tokens;
  private final Audit audit;
  private final InstantSource clock;

  /** What becomes of a code. */
  public sealed interface Answer {
    /**
     * It lets its guest in.
     *
     * @param cookie the value of {@code Set-Cookie} of the portal's host
     * @param desktop the address that opens the desktop in a browser with this cookie
     */
    record Accepted(String cookie, URI desktop) implements Answer {}

    /** There is no such link, or it has ended. */
    record Refused() implements Answer {}

    /** The gate cannot know. */
    record Unavailable() implements Answer {}
  }

  /**
   * @param desktops by the UID of the session
   * @param clock that of the API server
   */
  public LinkVisits(
      Function<String, DesktopLookup> desktops,
      DesktopAccess access,
      Tokens tokens,
      Audit audit,
      InstantSource clock) {
    this.desktops = desktops;
    this.access = access;
    this.tokens = tokens;
    this.audit = audit;
    this.clock = clock;
  }

  /** Whether the configuration allows links. */
  public boolean areAllowed() {
    return access.links();
  }

  /**
   * Begins the visit of a guest who shows a code.
   *
   * @param address of the client, for the audit log
   */
  public Answer begin(LinkCode code, String address) {
    return switch (desktops.apply(code.sessionUid())) {
      case DesktopLookup.Undecided(String reason) -> unavailable(reason);
      case DesktopLookup.Unknown() -> new Answer.Refused();
      case DesktopLookup.Found(Desktop desktop) when desktop.state() instanceof Desktop.Deleting ->
          new Answer.Refused();
      case DesktopLookup.Found(Desktop desktop) -> {
        Instant now = clock.instant();
        Optional<Instant> until = access.link(code.user(), desktop, now).flatMap(Share::end);
        if (until.isEmpty()) {
          audit.record(
              new AuditEvent.OpenRefused(
                  AuditEvent.Actor.unknown(address),
                  AuditEvent.Target.session(desktop.session(), desktop.uid(), desktop.template()),
                  "there is no such link, or it has ended"));
          yield new Answer.Refused();
        }
        yield LinkVisit.of(UUID.randomUUID().toString(), code.user(), desktop, now, until.get())
            .cookie(tokens, now)
            .<Answer>map(
                cookie -> new Answer.Accepted(cookie, desktop.origin().resolve(ReturnPath.LINK)))
            .orElseGet(() -> unavailable("there are no keys"));
      }
    };
  }

  private static Answer unavailable(String reason) {
    LOG.error("a link cannot be opened: {}", reason);
    return new Answer.Unavailable();
  }
}
