package io.vdi.operator.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.junit.jupiter.api.DisplayName;
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
  @DisplayName("a violation names the limit, what is used and what is requested")
  void violations() throws InvalidConfigException {
    QuotaLimits quota = read(SETTINGS);
    QuotaRequest request =
        new QuotaRequest("carol@example.com", "desks", "t", new ResourceAmounts(1, 1, 0));
    QuotaUsage usage = QuotaUsage.of(List.of(request.with(new ResourceAmounts(1, 2, 0))));
    assertThat(quota.violations(usage, request).getFirst().message())
        .isEqualTo("GPU quota exceeded for user carol@example.com: used 2, requested 1, limit 2");
    QuotaUsage full = QuotaUsage.of(List.of(request.with(new ResourceAmounts(10, 0, 0))));
    assertThat(quota.violations(full, request))
        .extracting(QuotaViolation::message)
        .containsExactly(
            "Session quota exceeded for user carol@example.com: used 10, requested 1, limit 3",
            "Session quota exceeded for cluster: used 10, requested 1, limit 10");
  }

  @Test
  @DisplayName("an exception takes the default for what it does not name")
  void exceptions() throws InvalidConfigException {
    QuotaLimits quota = read(SETTINGS);
    assertThat(quota.limit(QuotaScope.USER, "alice@example.com"))
        .isEqualTo(new ResourceAmounts(3, 4, ResourceAmounts.UNLIMITED));
    assertThat(quota.limit(QuotaScope.USER, "bob@example.com"))
        .isEqualTo(new ResourceAmounts(ResourceAmounts.UNLIMITED, 2, ResourceAmounts.UNLIMITED));
  }

  @Test
  @DisplayName("a session that requests nothing violates no limit")
  void nothingRequested() throws InvalidConfigException {
    QuotaRequest request =
        new QuotaRequest("carol@example.com", "desks", "t", new ResourceAmounts(0, 0, 0));
    QuotaUsage full = QuotaUsage.of(List.of(request.with(new ResourceAmounts(100, 100, 0))));
    assertThat(read(SETTINGS).violations(full, request)).isEmpty();
  }

  @Test
  @DisplayName("every invalid limit is reported, together with the problems of other keys")
  void badLimits() {
    String bad = SETTINGS.replace("gpus: 4", "gpus: many").replace("sessions: 10", "sessions: -1");
    assertThatThrownBy(() -> read(bad))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessage(
            "quota.user.exceptions Alice@Example.com: gpus \"many\" must be a whole number, or"
                + " unlimited; quota.cluster.sessions \"-1\" must be a whole number, or unlimited");
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
