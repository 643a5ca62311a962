package io.vdi.operator.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.devcluster.operator.ChartRoles;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
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
 * Least privilege: the chart's roles grant exactly the permissions that the controller checks at
 * its start, over all settings. {@link StartupFailureIT} shows that the check reports each
 * permission that is missing.
 */
class ControllerPermissionsTest {
  @Test
  void rolesGrantExactlyTheRequiredPermissions() throws IOException, InvalidConfigException {
    List<RequiredPermission> needed = new ArrayList<>();
    for (String kind : List.of("traefik", "ingress", "none")) {
      needed.addAll(ControllerPermissions.needed(config(kind)));
    }
    assertThat(
            ChartRoles.granted(
                ServiceUnderTest.CHART, "controller-clusterrole.yaml", "controller-role.yaml"))
        .isEqualTo(ChartRoles.asGrants(needed));
  }

  private static ControllerConfig config(String ingressKind) throws InvalidConfigException {
    return ControllerConfig.from(
        new ConfigLoader(Optional.empty(), Map.of("VDI_INGRESS_KIND", ingressKind)).load());
  }
}
