package io.vdi.operator.reaper;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vdi.operator.devcluster.operator.ChartRoles;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Least privilege: the chart's roles grant exactly what the reaper asks for at its start. */
class ReaperPermissionsTest {
  @Test
  void theRolesGrantExactlyWhatIsNeeded() throws IOException, InvalidConfigException {
    ReaperConfig config = ReaperConfig.from(new ConfigLoader(Optional.empty(), Map.of()).load());
    assertEquals(
        ChartRoles.granted(
            Path.of("../charts/vdi-operator"), "reaper-clusterrole.yaml", "reaper-role.yaml"),
        ChartRoles.asGrants(ReaperPermissions.needed(config.election())));
  }
}
