package io.vdi.operator.controller;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.kube.Permissions;
import io.vdi.operator.common.kube.Permissions.Need;
import io.vdi.operator.controller.plan.Settings;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The rights that the controller needs, and a word at the start about each that it lacks. */
final class Rights {
  private static final Logger LOG = LoggerFactory.getLogger(Rights.class);

  private Rights() {}

  static List<Need> needed(ControllerConfig config) {
    List<Need> needs = new ArrayList<>();
    needs.addAll(Need.of(Kind.SESSION, "get", "list", "watch", "patch"));
    needs.add(new Need("patch", Kind.SESSION, "status", ""));
    needs.add(new Need("update", Kind.SESSION, "finalizers", ""));
    needs.addAll(Need.of(Kind.TEMPLATE, "list", "watch"));
    needs.add(new Need("patch", Kind.TEMPLATE, "status", ""));
    needs.addAll(Need.of(Kind.POD, "get", "list", "watch", "create", "patch", "delete"));
    for (Kind<?> kind : List.of(Kind.VOLUME_CLAIM, Kind.SECRET, Kind.SERVICE)) {
      needs.addAll(Need.of(kind, "get", "list", "watch", "create", "patch"));
    }
    if (config.plan().ingress().kind() != Settings.IngressKind.NONE) {
      Kind<?> route =
          config.plan().ingress().kind() == Settings.IngressKind.TRAEFIK
              ? Kind.INGRESS_ROUTE
              : Kind.INGRESS;
      needs.addAll(Need.of(route, "get", "list", "watch", "create", "patch", "delete"));
    }
    needs.addAll(Need.of(Kind.INGRESS, "list", "watch"));
    needs.addAll(Need.of(Kind.EVENT, "create"));
    if (config.election().enabled()) {
      for (String verb : List.of("get", "create", "update")) {
        needs.add(new Need(verb, Kind.LEASE, "", config.election().namespace()));
      }
    }
    return List.copyOf(needs);
  }

  /**
   * Names each missing right once. What needs it fails with the API server's words when its time
   * comes.
   */
  static void report(KubeApi api, ControllerConfig config) {
    for (Need need : Permissions.missing(api, needed(config))) {
      LOG.warn("RBAC: this service may not {}: grant it in ClusterRole vdi-controller", need);
    }
  }
}
