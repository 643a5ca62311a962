package io.vdi.operator.reaper;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vdi.operator.common.service.BadConfig;
import io.vdi.operator.common.service.ConfigLayers;
import io.vdi.operator.devcluster.ChartRoles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Least privilege: the chart's roles grant exactly what the reaper asks for at its start. */
class RightsTest {
  @Test
  void theRolesGrantExactlyWhatIsNeeded() throws IOException, BadConfig {
    ReaperConfig config = ReaperConfig.from(new ConfigLayers(Optional.empty(), Map.of()).load());
    assertEquals(
        ChartRoles.granted(
            Path.of("../charts/vdi-operator"), "reaper-clusterrole.yaml", "reaper-role.yaml"),
        ChartRoles.asGrants(Rights.needed(config.election())));
  }
}
