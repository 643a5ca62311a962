package io.vdi.operator.common.model;

/** Annotations that the operator sets or reads; docs/specification.md, section 2. */
public final class Annotations {
  /** The exact e-mail of the session's user. */
  public static final String USER = "vdi.kasm.io/user";

  /** On a route: the first label of the session's host. */
  public static final String HOST = "vdi.kasm.io/host";

  /** On a route: {@code gate} if it refers to the Middleware of its namespace. */
  public static final String ACCESS_MODE = "vdi.kasm.io/access-mode";

  /** Hash of the desired object at the last write. An equal hash means that no write is needed. */
  public static final String DESIRED_HASH = "vdi.kasm.io/desired-hash";

  /** The Kubernetes user that created the session; docs/specification.md, section 4. */
  public static final String CREATED_BY = "vdi.kasm.io/created-by";

  /**
   * On a session: the groups of its user that {@code usage.groups} names, as a JSON list, when the
   * user created it. Only the admission webhook and admins set it.
   */
  public static final String GROUPS = "vdi.kasm.io/groups";

  /** The id of the quota reservation of the session. Only the admission webhook sets it. */
  public static final String RESERVATION = "vdi.kasm.io/reservation";

  /**
   * On a session that was created before its template: the maximums and the users of the template
   * are still to be checked, by the controller before the session starts, or by the admission
   * webhook when the session changes. Only the admission webhook sets and removes it.
   */
  public static final String UNCHECKED = "vdi.kasm.io/unchecked";

  /** {@code "true"} on any object: the reaper does not delete it. */
  public static final String KEEP = "vdi.kasm.io/keep";

  /** On every child: the UID of the session that uses it or used it last. */
  public static final String SESSION_UID = "vdi.kasm.io/session-uid";

  /** On a retained home: the time since which no session uses it. */
  public static final String RELEASED_AT = "vdi.kasm.io/released-at";

  /** On a Secret: since when it has the password of guests who only watch. */
  public static final String VIEWER_PASSWORD_SINCE = "vdi.kasm.io/viewer-password-since";

  /** On a Secret: the time at which its TURN credentials expire. */
  public static final String TURN_EXPIRES = "vdi.kasm.io/turn-expires";

  /**
   * On a home: the reclaim policy with which the controller last wrote it. Tells a home without an
   * owner that was released because of {@code Retain} from one that lost its owner otherwise.
   */
  public static final String RECLAIM_POLICY = "vdi.kasm.io/reclaim-policy";

  /** On a home: the exact name of the template of the session that uses it or used it last. */
  public static final String TEMPLATE = "vdi.kasm.io/template";

  /** On a pod: the number of pods that were replaced before it, for {@code status.restarts}. */
  public static final String RESTARTS = "vdi.kasm.io/restarts";

  /** On a pod with a claim: the number of devices that the claim requests. */
  public static final String CLAIMED_GPUS = "vdi.kasm.io/claimed-gpus";

  /** On a pod with a claim: a hash of what the claim requests. */
  public static final String CLAIM_HASH = "vdi.kasm.io/claim-hash";

  /**
   * On a pod whose node is drained: when the controller stops it, so that the session starts on
   * another node.
   */
  public static final String DRAIN_DEADLINE = "vdi.kasm.io/drain-deadline";

  /**
   * On a session that the reaper deletes: why, such as {@code timeout}. The controller then
   * releases the home, whatever the reclaim policy is.
   */
  public static final String ENDED_BY = "vdi.kasm.io/ended-by";

  /**
   * On a session: the last start or stop of its schedule that the reaper has carried out. It does
   * so once, so that the schedule does not undo what a user does immediately after it.
   */
  public static final String SCHEDULE_APPLIED = "vdi.kasm.io/schedule-applied";

  /**
   * On a session that the operator has suspended: why, such as {@code idle}, {@code schedule} or
   * {@code budget}. It stays when the session is resumed, and is about the suspension at {@link
   * #SUSPENDED_AT}.
   */
  public static final String SUSPENDED_BY = "vdi.kasm.io/suspended-by";

  /** On a session: when the operator has last suspended it. */
  public static final String SUSPENDED_AT = "vdi.kasm.io/suspended-at";

  /** On a route: which labels and annotations the configuration added, such as {@code labels:a}. */
  public static final String ADDED_METADATA = "vdi.kasm.io/added-metadata";

  /** On a home: how Argo CD treats it. */
  public static final String ARGOCD_SYNC_OPTIONS = "argocd.argoproj.io/sync-options";

  /** On a pod, {@code "false"}: cluster-autoscaler does not remove its node. */
  public static final String SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict";

  /** On a pod, {@code "true"}: Karpenter does not remove its node. */
  public static final String DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt";

  /** On an Ingress of a session: how ingress-nginx asks the gate. */
  public static final String NGINX_AUTH_URL = "nginx.ingress.kubernetes.io/auth-url";

  private Annotations() {}
}
