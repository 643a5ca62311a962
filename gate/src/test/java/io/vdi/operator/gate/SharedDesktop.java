package io.vdi.operator.gate;

import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;

/** A desktop of alice with a password for guests: its objects at the API server. */
record SharedDesktop(FakeApiServer server, String name) {
  String host() {
    return name + ".example.com";
  }

  /** The path of the session in the REST API. */
  String path() {
    return "/api/v1/sessions/desks/" + name;
  }

  void putSession(String phase, String template, String shares) {
    server.put(
        ResourceType.SESSION,
        """
        {metadata: {name: %1$s, namespace: desks, uid: uid-%1$s},
         spec: {user: alice@example.com, template: %3$s, suspended: %5$s, shares: %4$s},
         status: {phase: %2$s, url: 'https://%1$s.example.com'}}
        """
            .formatted(name, phase, template, shares, phase.equals("Suspended")));
  }

  /** Puts the session of a desktop that runs. */
  void putShares(String shares) {
    putSession("Running", "base", shares);
  }

  /**
   * Puts the Secret with the password "owner".
   *
   * @param viewer the entry with the password of guests
   * @param since from when on desktops that start know this password
   */
  void putSecret(String viewer, String since) {
    server.put(
        ResourceType.SECRET,
        """
        {metadata: {name: vdi-auth-%1$s, namespace: desks, ownerReferences: [{uid: uid-%1$s}],
           annotations: {'vdi.kasm.io/viewer-password-since': '%2$s'}},
         data: {password: 'b3duZXI=', %3$s}}
        """
            .formatted(name, since, viewer));
  }

  /** Puts all objects: the desktop has run since 2026, and the password of guests is "view". */
  void put(String shares) {
    putShares(shares);
    putSecret("viewer-password: 'dmlldw=='", "2026-01-01T00:00:00Z");
    server.put(
        ResourceType.POD,
        """
        {metadata: {name: %1$s, namespace: desks, uid: p%1$s, creationTimestamp: '2026-01-01T00:00:00Z',
           labels: {'app.kubernetes.io/managed-by': vdi-operator, 'app.kubernetes.io/instance': %1$s},
           ownerReferences: [{apiVersion: 'vdi.kasm.io/v1alpha1', kind: VDISession, name: %1$s,
             uid: uid-%1$s, controller: true}]}}
        """
            .formatted(name));
  }
}
