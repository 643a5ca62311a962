package io.vdi.operator.cli.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ResourceType;
import java.util.Map;
import java.util.Optional;

/** Whether the route of a session uses the gate. */
public final class RouteAccess {
  private static final String GATE = "gate";

  private RouteAccess() {}

  /** Whether this route is written for the gate. */
  public static boolean usesGate(JsonObject route) {
    Map<String, String> annotations = Json.map(route, "metadata", "annotations");
    return GATE.equals(annotations.getOrDefault(Annotations.ACCESS_MODE, ""));
  }

  /**
   * Whether the session is opened through the gate: by its route; if that cannot be read, by the
   * settings of the operator. Empty if the user may read neither.
   */
  public static Optional<Boolean> usesGate(ClusterAccess cluster, String namespace, String name) {
    for (ResourceType<?> type : ChildKind.ROUTE.resourceTypes()) {
      try {
        Optional<JsonObject> route = cluster.get(type.path(namespace, name));
        if (route.isPresent()) {
          return Optional.of(usesGate(route.get()));
        }
      } catch (CliException.ApiRejected e) {
        if (!e.isForbidden()) {
          throw e;
        }
      }
    }
    try {
      return OperatorSettings.accessMode(cluster).map(GATE::equals);
    } catch (CliException.ApiRejected e) {
      if (!e.isForbidden()) {
        throw e;
      }
      return Optional.empty();
    }
  }
}
