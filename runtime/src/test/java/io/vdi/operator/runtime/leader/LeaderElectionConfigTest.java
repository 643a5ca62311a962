package io.vdi.operator.runtime.leader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.config.Config;
import io.helidon.config.ConfigSources;
import io.vdi.operator.runtime.config.ConfigReader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.leader.LeaderElector.LeaseTiming;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LeaderElectionConfigTest {
  private static final Map<String, String> DEFAULTS =
      Map.of(
          "leaderElection.enabled", "true",
          "leaderElection.namespace", "vdi-system",
          "leaderElection.leaseName", "vdi-reaper",
          "leaderElection.leaseDuration", "15s",
          "leaderElection.renewDeadline", "10s",
          "leaderElection.retryPeriod", "2s");

  @Test
  @DisplayName("the settings are read; the defaults of the services are those of client-go")
  void settings() throws InvalidConfigException {
    assertThat(read(Map.of()))
        .isEqualTo(
            new LeaderElectionConfig(true, "vdi-system", "vdi-reaper", LeaseTiming.STANDARD));
    assertThat(LeaseTiming.STANDARD)
        .isEqualTo(
            new LeaseTiming(Duration.ofSeconds(15), Duration.ofSeconds(10), Duration.ofSeconds(2)));
  }

  @Test
  @DisplayName("without a namespace the Lease is in the namespace of the pod")
  void podNamespace() throws InvalidConfigException {
    assertThat(read(Map.of("leaderElection.namespace", "")).namespace()).isEqualTo("vdi-system");
  }

  @Test
  @DisplayName("leader election can be switched off")
  void disabled() throws InvalidConfigException {
    assertThat(read(Map.of("leaderElection.enabled", "false")).enabled()).isFalse();
    assertThat(LeaderElectionConfig.NONE.enabled()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"10s, 10s, 2s", "15s, 10s, 10s", "5s, 10s, 2s", "15s, 10s, 20s"})
  @DisplayName("the times must be retryPeriod < renewDeadline < leaseDuration")
  void orderOfTimes(String duration, String deadline, String retry) {
    assertThatThrownBy(() ->
            read(
                Map.of(
                    "leaderElection.leaseDuration", duration,
                    "leaderElection.renewDeadline", deadline,
                    "leaderElection.retryPeriod", retry)))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageStartingWith("leaderElection: retryPeriod must be below renewDeadline");
  }

  @Test
  @DisplayName("the name of the Lease must not be empty")
  void leaseName() {
    assertThatThrownBy(() -> read(Map.of("leaderElection.leaseName", " ")))
        .hasMessage("leaderElection.leaseName \"\" must not be empty");
  }

  private static LeaderElectionConfig read(Map<String, String> changes)
      throws InvalidConfigException {
    Map<String, String> settings = new HashMap<>(DEFAULTS);
    settings.putAll(changes);
    ConfigReader reader =
        new ConfigReader(
            Config.builder(ConfigSources.create(settings))
                .disableEnvironmentVariablesSource()
                .disableSystemPropertiesSource()
                .build());
    LeaderElectionConfig config = LeaderElectionConfig.read(reader);
    reader.throwIfInvalid();
    return config;
  }
}
