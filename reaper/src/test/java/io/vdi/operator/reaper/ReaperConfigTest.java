package io.vdi.operator.reaper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReaperConfigTest {
  @Test
  void theDefaultsAreThoseOfTheSpec() throws InvalidConfigException {
    ReaperConfig config = config(Map.of());
    assertEquals(Duration.ofMinutes(10), config.policy().rules().warningBefore());
    assertEquals(Duration.ofMinutes(10), config.policy().rules().orphanGracePeriod());
    assertEquals(Duration.ofDays(30), config.policy().rules().homeRetention());
    assertEquals(Duration.ofMinutes(5), config.sweepInterval());
    assertTrue(!config.policy().dryRun() && !config.policy().forceFinalize());
    assertEquals("vdi-reaper", config.election().leaseName());
  }

  @Test
  void zeroIsNeverWhereThatMakesSense() throws InvalidConfigException {
    ReaperConfig config = config(Map.of("VDI_HOME_RETENTION", "0", "VDI_FAILED_SESSION_TTL", "0"));
    assertTrue(config.policy().rules().homeRetention().isZero());
    assertTrue(config.policy().rules().failedSessionTtl().isZero());
  }

  @Test
  void everyBadValueIsNamedAtOnce() {
    InvalidConfigException bad =
        assertThrows(
            InvalidConfigException.class,
            () ->
                config(
                    Map.of(
                        "VDI_ORPHAN_GRACE_PERIOD", "0",
                        "VDI_DRY_RUN", "maybe",
                        "VDI_MASS_DELETION_PERCENT", "101",
                        "VDI_HOME_RETENTION", "30d")));
    for (String words :
        new String[] {
          "orphanGracePeriod \"0\" must be a duration above zero",
          "dryRun \"maybe\" must be true or false",
          "massDeletionPercent \"101\" must be a whole number from 1 to 100",
          "homeRetention \"30d\" must be a duration"
        }) {
      assertTrue(bad.getMessage().contains(words), bad.getMessage());
    }
  }

  private static ReaperConfig config(Map<String, String> environment)
      throws InvalidConfigException {
    return ReaperConfig.from(new ConfigLoader(Optional.empty(), environment).load());
  }
}
