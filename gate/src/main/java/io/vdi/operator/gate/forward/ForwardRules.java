package io.vdi.operator.gate.forward;

import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.desktop.DesktopAccess;
import io.vdi.operator.gate.desktop.DesktopLookup;
import io.vdi.operator.gate.desktop.Grant;
import io.vdi.operator.gate.desktop.Role;
import io.vdi.operator.gate.http.PageText;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.ticket.DesktopPass;
import io.vdi.operator.gate.ticket.OpenRoutes;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Pure: whether a request reaches a desktop. All desktops are hosts of one domain, so for a browser
 * they are one site: {@code SameSite} does not protect one desktop from another. These rules do, by
 * {@code Origin} and the {@code Sec-Fetch} headers.
 *
 * @param passLifetime of the cookie
 */
public record ForwardRules(DesktopAccess access, Duration passLifetime) {
  /**
   * A pass is issued only while the desktop runs. If a pass is younger than this, and than the stop
   * of the desktop, the replica that has issued it knows of a start that this one does not know:
   * the portal would send the browser back here.
   */
  private static final Duration WATCH_DELAY = Duration.ofSeconds(10);

  /** A cookie is renewed when this part of its life has passed. */
  private static final int RENEWALS = 3;

  /**
   * The decision.
   *
   * @param lookup the desktop at the request's host
   * @param pass of the request, verified for its host and not revoked
   */
  public ForwardDecision decide(
      ForwardRequest request, DesktopLookup lookup, Optional<DesktopPass> pass, Instant now) {
    return switch (lookup) {
      case DesktopLookup.Undecided(String reason) -> new ForwardDecision.Unavailable(reason);
      case DesktopLookup.Unknown() -> new ForwardDecision.NotFound();
      case DesktopLookup.Found(Desktop desktop) when desktop.state() instanceof Desktop.Deleting ->
          new ForwardDecision.NotFound();
      case DesktopLookup.Found(Desktop desktop) -> decide(request, desktop, pass, now);
    };
  }

  private ForwardDecision decide(
      ForwardRequest request, Desktop desktop, Optional<DesktopPass> pass, Instant now) {
    if (request.rawPath().equals(ReturnPath.WATCH) && request.isNavigation()) {
      return new ForwardDecision.ToWatch(desktop);
    }
    if (request.rawPath().equals(ReturnPath.LINK) && request.isNavigation() && access.links()) {
      return new ForwardDecision.ToLink(desktop);
    }
    if (request.isReserved()) {
      return request.rawPath().equals(OpenRoutes.TICKET_PATH) && request.isNavigation()
          ? new ForwardDecision.TakeTicket(desktop)
          : new ForwardDecision.NotFound();
    }
    Optional<PageText> foreign = startedByAnotherSite(request, desktop);
    if (foreign.isPresent()) {
      return new ForwardDecision.Forbidden(foreign.get());
    }
    Optional<DesktopPass> valid = pass.filter(found -> isFor(found, desktop, now));
    if (valid.isEmpty()) {
      return request.isNavigation()
          ? toPortal(request, desktop)
          : new ForwardDecision.Unauthorized();
    }
    Grant grant = valid.get().grant();
    if (!access.isStill(grant, desktop, now)) {
      return withoutAccess(request, desktop, grant, now);
    }
    // Selkies refuses what changes the desktop, too. A page that only watches needs none of it.
    if (grant.role().onlyWatches() && !request.onlyReads()) {
      return new ForwardDecision.Forbidden(PageText.ONLY_WATCHES);
    }
    Duration age = Duration.between(valid.get().issuedAt(), now);
    boolean settled = age.compareTo(WATCH_DELAY) > 0;
    boolean stopped =
        desktop.state() instanceof Desktop.Stopped(Instant since)
            && !(valid.get().issuedAt().isAfter(since) && !settled);
    if (request.isNavigation() && (stopped || (settled && mayHaveMore(request, grant)))) {
      return toPortal(request, desktop);
    }
    return new ForwardDecision.Allow(
        desktop, valid.get(), !stopped && age.compareTo(passLifetime.dividedBy(RENEWALS)) >= 0);
  }

  /**
   * Whether the portal may let the user do more: who has watched by a link comes from another page,
   * such as that of the portal after a sign-in.
   */
  private static boolean mayHaveMore(ForwardRequest request, Grant grant) {
    return grant.role() == Role.LINK
        && request
            .fetchSite()
            .filter(site -> !site.equals("same-origin") && !site.equals("none"))
            .isPresent();
  }

  private ForwardDecision withoutAccess(
      ForwardRequest request, Desktop desktop, Grant grant, Instant now) {
    boolean own = access.isOwn(grant.holder().email(), desktop);
    // The pass has only some of the user's groups, and a former role: the portal knows all.
    if (access.mayReturn(grant, desktop, now)) {
      if (request.isNavigation()) {
        return toPortal(request, desktop);
      }
      return own
          ? new ForwardDecision.Forbidden(PageText.NO_LONGER)
          : new ForwardDecision.Unauthorized();
    }
    return new ForwardDecision.Forbidden(
        switch (grant.role()) {
          case LINK -> PageText.LINK_ENDED;
          case CONTROL, VIEW -> PageText.SHARE_ENDED;
          case OWNER, ADMIN, WATCH -> PageText.BELONGS_TO_ANOTHER;
        });
  }

  private static ForwardDecision toPortal(ForwardRequest request, Desktop desktop) {
    return new ForwardDecision.ToPortal(desktop, request.returnPath(), request.byPerson());
  }

  private static boolean isFor(DesktopPass pass, Desktop desktop, Instant now) {
    return pass.authority().equals(desktop.authority())
        && pass.sessionUid().equals(desktop.uid())
        && pass.grant().holder().expiresAt().isAfter(now);
  }

  /**
   * Why the request was not started by a page of this desktop. The browser sends the cookie with
   * requests of sibling desktops, and a WebSocket is not subject to the same-origin policy.
   */
  private static Optional<PageText> startedByAnotherSite(ForwardRequest request, Desktop desktop) {
    boolean ownOrigin = request.origin().equals(Optional.of(desktop.origin().toString()));
    boolean foreignOrigin = request.origin().isPresent() && !ownOrigin;
    if (request.webSocket() && !ownOrigin) {
      return Optional.of(PageText.ONLY_OWN_PAGE_CONNECTS);
    }
    if (!request.isSafe() && !ownOrigin) {
      return Optional.of(PageText.ONLY_OWN_PAGE_SENDS);
    }
    boolean foreignSite =
        request
            .fetchSite()
            .filter(site -> !site.equals("same-origin") && !site.equals("none"))
            .isPresent();
    return (foreignSite || foreignOrigin) && !request.isNavigation()
        ? Optional.of(PageText.ANOTHER_SITE)
        : Optional.empty();
  }
}
