package io.vdi.operator.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.common.media.type.MediaTypes;
import io.helidon.config.Config;
import io.helidon.config.ConfigSources;
import io.helidon.config.yaml.YamlConfigParser;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.runtime.config.ConfigReader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkConfigTest {
  private static Optional<SessionConfig.Network> read(String yaml) throws InvalidConfigException {
    Config config =
        Config.builder()
            .disableEnvironmentVariablesSource()
            .disableSystemPropertiesSource()
            .addParser(YamlConfigParser.create())
            .addSource(ConfigSources.create(yaml, MediaTypes.APPLICATION_X_YAML))
            .build();
    ConfigReader reader = new ConfigReader(config);
    Optional<SessionConfig.Network> network = NetworkConfig.read(reader, "vdi-system");
    reader.throwIfInvalid();
    return network;
  }

  @Test
  void noneMeansNoPolicies() throws InvalidConfigException {
    assertThat(read("network: {mode: none}")).isEmpty();
  }

  @Test
  void labelsKeepTheirDots() throws InvalidConfigException {
    SessionConfig.Network network =
        read("""
        network:
          mode: managed
          routerFrom:
            - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: traefik, a: b}}
        """)
            .orElseThrow();
    assertThat(network.routerFrom().getFirst().getNamespaceSelector().getMatchLabels())
        .containsOnlyKeys("kubernetes.io/metadata.name", "a")
        .containsEntry("kubernetes.io/metadata.name", "traefik");
  }

  @Test
  void anAddressOfTheTurnServerIsAllowed() throws InvalidConfigException {
    assertThat(
            read("{turn: {host: 10.0.0.5}, network: {mode: managed}}")
                .orElseThrow()
                .relayTo()
                .getFirst()
                .getIpBlock()
                .getCidr())
        .isEqualTo("10.0.0.5/32");
    assertThat(
            read("{turn: {host: turn.example.com}, network: {mode: managed}}")
                .orElseThrow()
                .relayTo())
        .isEmpty();
  }

  /** A peer that is read as empty would allow everything. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dnsTo: [{namespaceselector: {}}] | must be a NetworkPolicyPeer",
        "routerFrom: [{}] | must have a namespaceSelector, a podSelector or an ipBlock",
        "routerFrom: [x] | must be a NetworkPolicyPeer",
        "deniedRanges: [10.0.0.0] | must be a CIDR",
        "deniedRanges: [10.0.0.0/33] | must be a CIDR",
        "deniedRanges: [0.0.0.0/0] | must be a CIDR",
        "deniedRanges: ['::ffff:0:0/96'] | must be a CIDR",
        "deniedRanges: [example.com/8] | must be a CIDR"
      })
  void mistakesAreNamed(String yaml, String message) {
    assertThatThrownBy(() -> read("network: {mode: managed, " + yaml + "}"))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageContaining("network." + yaml.substring(0, yaml.indexOf(':')))
        .hasMessageContaining(message);
  }
}
