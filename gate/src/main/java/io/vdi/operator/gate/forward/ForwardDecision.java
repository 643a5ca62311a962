package io.vdi.operator.gate.forward;

import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.http.PageText;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.ticket.DesktopPass;

/** What the router does with a request to a desktop. */
public sealed interface ForwardDecision {
  /**
   * It passes the request on, with the credentials of this desktop.
   *
   * @param renew whether the cookie is renewed with the answer
   */
  record Allow(Desktop desktop, DesktopPass pass, boolean renew) implements ForwardDecision {}

  /** It brings a ticket for this desktop. */
  record TakeTicket(Desktop desktop) implements ForwardDecision {}

  /**
   * The browser is sent to the portal, and comes back to this path with a ticket when the desktop
   * runs.
   *
   * @param visit whether a person wants to see the desktop now: one that sleeps is resumed
   */
  record ToPortal(Desktop desktop, ReturnPath path, boolean visit) implements ForwardDecision {}

  /** The browser is sent to the portal, which lets an admin watch the desktop. */
  record ToWatch(Desktop desktop) implements ForwardDecision {}

  /** The browser is sent to the portal, which lets the guest of a link in. */
  record ToLink(Desktop desktop) implements ForwardDecision {}

  /** 401: a page that is open has lost its right; it reloads. */
  record Unauthorized() implements ForwardDecision {}

  /**
   * 403.
   *
   * @param reason for the user
   */
  record Forbidden(PageText reason) implements ForwardDecision {}

  /** 404: there is no desktop at this host, or the path is reserved. */
  record NotFound() implements ForwardDecision {}

  /**
   * 503: nothing is allowed while the gate cannot know.
   *
   * @param reason for the log
   */
  record Unavailable(String reason) implements ForwardDecision {}
}
