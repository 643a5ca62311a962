package io.vdi.operator.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vdi.operator.devcluster.operator.ChartRoles;
import io.vdi.operator.runtime.RequiredPermissions.RequiredPermission;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Least privilege: the chart's roles grant exactly what the controller asks the cluster for at its
 * start, over all settings. That asking finds each right that is missing, BadStartIT shows.
 */
class ControllerPermissionsTest {
  @Test
  void theRolesGrantExactlyWhatIsNeeded() throws IOException, InvalidConfigException {
    List<RequiredPermission> needed = new ArrayList<>();
    for (String kind : List.of("traefik", "ingress", "none")) {
      needed.addAll(ControllerPermissions.needed(config(kind)));
    }
    assertEquals(
        ChartRoles.granted(
            RunningController.CHART, "controller-clusterrole.yaml", "controller-role.yaml"),
        ChartRoles.asGrants(needed));
  }

  private static ControllerConfig config(String ingressKind) throws InvalidConfigException {
    return ControllerConfig.from(
        new ConfigLoader(Optional.empty(), Map.of("VDI_INGRESS_KIND", ingressKind)).load());
  }
}
