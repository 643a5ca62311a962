package io.vdi.operator.runtime.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.helidon.common.media.type.MediaTypes;
import io.helidon.config.Config;
import io.helidon.config.ConfigSources;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaUsage;
import io.vdi.operator.common.quota.QuotaViolation;
import io.vdi.operator.common.quota.ResourceAmounts;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuotaConfigTest {
  private static final String SETTINGS =
      """
      quota:
        mode: reject
        user:
          sessions: 3
          gpus: 2
          exceptions:
            - {name: Alice@Example.com, gpus: 4}
            - {name: bob@example.com, sessions: unlimited}
        namespace: {sessions: unlimited, gpus: unlimited, exceptions: []}
        template: {sessions: unlimited, gpus: unlimited, exceptions: []}
        cluster: {sessions: 10, gpus: unlimited}
      """;

  @Test
  void aRefusalSaysWhichLimitItsValueWhatIsUsedAndWhatWasAsked() throws InvalidConfigException {
    QuotaLimits quota = read(SETTINGS);
    QuotaRequest share =
        new QuotaRequest("carol@example.com", "desks", "t", new ResourceAmounts(1, 1));
    QuotaUsage usage = QuotaUsage.of(List.of(share.with(new ResourceAmounts(1, 2))));
    assertEquals(
        "GPU quota exceeded for user carol@example.com: used 2, requested 1, limit 2",
        quota.violations(usage, share).getFirst().message());
    QuotaUsage full = QuotaUsage.of(List.of(share.with(new ResourceAmounts(10, 0))));
    assertEquals(
        List.of(
            "Session quota exceeded for user carol@example.com: used 10, requested 1, limit 3",
            "Session quota exceeded for cluster: used 10, requested 1, limit 10"),
        quota.violations(full, share).stream().map(QuotaViolation::message).toList());
  }

  @Test
  void exceptionsTakeTheStandardForWhatTheyDoNotName() throws InvalidConfigException {
    QuotaLimits quota = read(SETTINGS);
    assertEquals(new ResourceAmounts(3, 4), quota.limit(QuotaScope.USER, "alice@example.com"));
    assertEquals(
        new ResourceAmounts(ResourceAmounts.UNLIMITED, 2),
        quota.limit(QuotaScope.USER, "bob@example.com"));
  }

  @Test
  void whoAsksForNothingIsRefusedNothing() throws InvalidConfigException {
    QuotaRequest share =
        new QuotaRequest("carol@example.com", "desks", "t", new ResourceAmounts(0, 0));
    QuotaUsage full = QuotaUsage.of(List.of(share.with(new ResourceAmounts(100, 100))));
    assertEquals(List.of(), read(SETTINGS).violations(full, share));
  }

  @Test
  void badLimitsAreNamed() {
    String bad = SETTINGS.replace("gpus: 4", "gpus: many").replace("sessions: 10", "sessions: -1");
    String message = assertThrows(InvalidConfigException.class, () -> read(bad)).getMessage();
    assertTrue(message.contains("quota.user.exceptions Alice@Example.com: gpus \"many\""), message);
    assertTrue(message.contains("quota.cluster.sessions \"-1\" must be a whole number"), message);
  }

  private static QuotaLimits read(String yaml) throws InvalidConfigException {
    ConfigReader reader =
        new ConfigReader(
            Config.builder(ConfigSources.create(yaml, MediaTypes.APPLICATION_YAML))
                .disableEnvironmentVariablesSource()
                .disableSystemPropertiesSource()
                .build());
    QuotaLimits quota = QuotaConfig.read(reader);
    reader.throwIfInvalid();
    return quota;
  }
}
