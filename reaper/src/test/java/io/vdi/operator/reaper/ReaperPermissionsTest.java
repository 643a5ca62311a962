package io.vdi.operator.reaper;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.devcluster.operator.ChartRoles;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Least privilege: the chart's roles grant exactly the permissions that the reaper checks at its
 * start.
 */
class ReaperPermissionsTest {
  @Test
  void rolesGrantExactlyTheRequiredPermissions() throws IOException, InvalidConfigException {
    ReaperConfig config = ReaperConfig.from(new ConfigLoader(Optional.empty(), Map.of()).load());
    assertThat(
            ChartRoles.granted(
                ServiceUnderTest.CHART, "reaper-clusterrole.yaml", "reaper-role.yaml"))
        .isEqualTo(ChartRoles.asGrants(ReaperPermissions.needed(config.election())));
  }
}
