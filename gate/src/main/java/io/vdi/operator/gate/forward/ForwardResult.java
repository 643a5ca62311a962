package io.vdi.operator.gate.forward;

/** How a question of the router was answered, for the metrics. */
public enum ForwardResult {
  /** 200: the request reaches the desktop. */
  ALLOWED,
  /** 303 with the cookie of the desktop: a ticket was accepted. */
  OPENED,
  /** 303 to the portal. */
  TO_PORTAL,
  /** 401: a page that is open must reload. */
  UNAUTHORIZED,
  /** 403. */
  FORBIDDEN,
  /** 404. */
  NOT_FOUND,
  /** 400: the router did not send what it must. */
  BAD_REQUEST,
  /** 503: the gate cannot decide. */
  UNAVAILABLE
}
