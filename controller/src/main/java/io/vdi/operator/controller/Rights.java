package io.vdi.operator.controller;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.Permissions.Need;
import io.vdi.operator.controller.plan.Settings;
import java.util.ArrayList;
import java.util.List;

/** The rights that the controller needs. */
final class Rights {
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
    needs.addAll(config.election().needs());
    return List.copyOf(needs);
  }
}
