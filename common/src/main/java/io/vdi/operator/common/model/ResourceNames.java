package io.vdi.operator.common.model;

/** Names of a session's objects; docs/specification.md, section 2. */
public final class ResourceNames {
  /** Traefik's Middleware that asks the gate, one in each namespace with sessions. */
  public static final String MIDDLEWARE = "vdi-gate";

  /** Traefik's ServersTransport for desktops that speak HTTPS, one in each namespace with them. */
  public static final String SERVERS_TRANSPORT = "vdi-desktop";

  /**
   * The Service by which an Ingress of ingress-nginx reaches the gate, one in each namespace with
   * sessions. No session has this name: the admission webhook refuses it.
   */
  public static final String GATE_SERVICE = "vdi-gate-external";

  private static final int MAX_LENGTH = 253;
  private static final int HASH_LENGTH = 8;

  private ResourceNames() {}

  /** The Secret with the password and TURN credentials, and the Role and RoleBinding for it. */
  public static String secret(String session) {
    return "vdi-auth-" + session;
  }

  /** The NetworkPolicy of a template's desktops in one namespace; at most 253 characters. */
  public static String networkPolicy(String template) {
    String name = "vdi-" + template;
    return name.length() <= MAX_LENGTH
        ? name
        : name.substring(0, MAX_LENGTH - HASH_LENGTH - 1)
            + "x"
            + Hashes.sha256(template, HASH_LENGTH);
  }

  /**
   * The Ingress of the gate's pages on the host of a desktop. No Ingress of a session has such a
   * name: names of sessions begin with a letter.
   */
  public static String gateIngress(String session) {
    return "0-vdi-gate-" + session;
  }

  /** The ResourceClaimTemplate of the GPUs. */
  public static String gpuClaim(String session) {
    return "vdi-gpu-" + session;
  }

  /** The PersistentVolumeClaim of the home. */
  public static String persistentVolumeClaim(String session) {
    return "vdi-data-" + session;
  }
}
