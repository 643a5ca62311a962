package io.vdi.operator.common.model;

/** Annotations that the operator sets or reads; docs/specification.md, section 2. */
public final class Annotations {
  /** The exact e-mail of the session's user. */
  public static final String USER = "vdi.kasm.io/user";

  /** On a route: the first label of the session's host. */
  public static final String HOST = "vdi.kasm.io/host";

  /** Hash of the desired object at the last write. An equal hash means that no write is needed. */
  public static final String DESIRED_HASH = "vdi.kasm.io/desired-hash";

  /** The Kubernetes user that created the session; docs/specification.md, section 4. */
  public static final String CREATED_BY = "vdi.kasm.io/created-by";

  /** The id of the quota reservation of the session. Only the admission webhook sets it. */
  public static final String RESERVATION = "vdi.kasm.io/reservation";

  /** {@code "true"} on any object: the reaper does not delete it. */
  public static final String KEEP = "vdi.kasm.io/keep";

  /** On a home with {@code Retain}: the UID of the session that uses it or used it last. */
  public static final String SESSION_UID = "vdi.kasm.io/session-uid";

  /** On a retained home: the time since which no session uses it. */
  public static final String RELEASED_AT = "vdi.kasm.io/released-at";

  /** On a Secret: the time at which its TURN credentials expire. */
  public static final String TURN_EXPIRES = "vdi.kasm.io/turn-expires";

  private Annotations() {}
}
