package io.vdi.operator.controller;

import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.runtime.RequiredPermissions.RequiredPermission;
import java.util.ArrayList;
import java.util.List;

/** The rights that the controller needs. */
final class ControllerPermissions {
  private ControllerPermissions() {}

  static List<RequiredPermission> needed(ControllerConfig config) {
    List<RequiredPermission> needs = new ArrayList<>();
    needs.addAll(RequiredPermission.of(ResourceType.SESSION, "get", "list", "watch", "patch"));
    needs.add(new RequiredPermission("patch", ResourceType.SESSION, "status", ""));
    needs.add(new RequiredPermission("update", ResourceType.SESSION, "finalizers", ""));
    needs.addAll(RequiredPermission.of(ResourceType.TEMPLATE, "list", "watch"));
    needs.add(new RequiredPermission("patch", ResourceType.TEMPLATE, "status", ""));
    needs.addAll(
        RequiredPermission.of(
            ResourceType.POD, "get", "list", "watch", "create", "patch", "delete"));
    for (ResourceType<?> kind :
        List.of(ResourceType.PERSISTENT_VOLUME_CLAIM, ResourceType.SECRET, ResourceType.SERVICE)) {
      needs.addAll(RequiredPermission.of(kind, "get", "list", "watch", "create", "patch"));
    }
    if (config.plan().ingress().kind() != SessionConfig.IngressKind.NONE) {
      ResourceType<?> route =
          config.plan().ingress().kind() == SessionConfig.IngressKind.TRAEFIK
              ? ResourceType.INGRESS_ROUTE
              : ResourceType.INGRESS;
      needs.addAll(
          RequiredPermission.of(route, "get", "list", "watch", "create", "patch", "delete"));
    }
    needs.addAll(RequiredPermission.of(ResourceType.INGRESS, "list", "watch"));
    needs.addAll(RequiredPermission.of(ResourceType.EVENT, "create"));
    needs.addAll(config.election().needs());
    return List.copyOf(needs);
  }
}
