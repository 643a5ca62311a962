package io.vdi.operator.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import io.helidon.config.Config;
import io.vdi.operator.common.testing.CapturedLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the application.yaml of the test resources. */
class ConfigLoaderTest {
  private static final Map<String, String> RENAMED =
      Map.of(
          "amount", "size",
          "old.modeOfWork", "nested.modeOfWork",
          "people", "names",
          "nested.users", "items");

  @TempDir private Path directory;
  private final CapturedLog log = CapturedLog.of(ConfigLoader.class);

  @AfterEach
  void stopCapture() {
    log.close();
  }

  @Test
  @DisplayName("a former key in the file sets the current key and logs one warning with both names")
  void formerKeyInTheFile() throws Exception {
    Config config = load("amount: 7", Map.of());
    assertThat(config.get("size").asString().get()).isEqualTo("7");
    assertThat(log.messages(Level.WARN))
        .containsExactly("application.yaml: \"amount\" is now called \"size\": rename it");
  }

  @Test
  @DisplayName("a former nested key sets the current nested key")
  void formerNestedKey() throws Exception {
    Config config = load("old: {modeOfWork: queueUp}", Map.of());
    assertThat(config.get("nested.modeOfWork").asString().get()).isEqualTo("queueUp");
    assertThat(log.messages(Level.WARN))
        .containsExactly(
            "application.yaml: \"old.modeOfWork\" is now called \"nested.modeOfWork\": rename it");
  }

  @Test
  @DisplayName("a list under a former key replaces the default list")
  void formerList() throws Exception {
    Config config = load("people: [x, y]", Map.of());
    assertThat(new ConfigReader(config).list("names")).containsExactly("x", "y");
    assertThat(new ConfigReader(load("people: []", Map.of())).list("names")).isEmpty();
  }

  @Test
  @DisplayName("a list of objects keeps its structure under the current key")
  void formerListOfObjects() throws Exception {
    Config config = load("nested: {users: [{name: a, tags: [t, [u]]}, {name: b}]}", Map.of());
    assertThat(new ConfigReader(config).object("").getAsJsonArray("items"))
        .hasToString("[{\"name\":\"a\",\"tags\":[\"t\",[\"u\"]]},{\"name\":\"b\"}]");
  }

  @Test
  @DisplayName("a former environment variable sets the current key and logs both names")
  void formerVariable() throws Exception {
    Config config =
        load("size: 3", Map.of("vdiConfig_AMOUNT", "9", "vdiConfig_OLD_MODE_OF_WORK", "queueUp"));
    assertThat(config.get("size").asString().get()).isEqualTo("9");
    assertThat(config.get("nested.modeOfWork").asString().get()).isEqualTo("queueUp");
    assertThat(log.messages(Level.WARN))
        .containsExactlyInAnyOrder(
            "environment: \"vdiConfig_AMOUNT\" is now called \"vdiConfig_SIZE\": rename it",
            "environment: \"vdiConfig_OLD_MODE_OF_WORK\" is now called \"vdiConfig_NESTED_MODE_OF_WORK\":"
                + " rename it");
  }

  @Test
  @DisplayName("the environment overrides the file, whichever of the two uses the former name")
  void layersKeepTheirOrder() throws Exception {
    assertThat(load("amount: 7", Map.of("vdiConfig_SIZE", "9")).get("size").asString().get())
        .isEqualTo("9");
    assertThat(load("size: 7", Map.of("vdiConfig_AMOUNT", "9")).get("size").asString().get())
        .isEqualTo("9");
  }

  @Test
  @DisplayName("both names at the same layer are refused in one message, with both names")
  void bothNames() {
    Map<String, String> environment = Map.of("vdiConfig_PEOPLE", "a", "vdiConfig_NAMES", "b");
    assertThatThrownBy(() -> load("amount: 7\nsize: 8", environment))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessage(
            "environment: \"vdiConfig_PEOPLE\" is the former name of \"vdiConfig_NAMES\" and both are set:"
                + " remove \"vdiConfig_PEOPLE\"; application.yaml: \"amount\" is the former name of"
                + " \"size\" and both are set: remove \"amount\"");
    assertThat(log.messages(Level.WARN)).isEmpty();
  }

  @Test
  @DisplayName("without renamed keys a former key is unknown")
  void withoutRenamedKeys() throws Exception {
    Path file = write("amount: 7");
    assertThatThrownBy(() -> new ConfigLoader(Optional.of(file), Map.of()).load())
        .hasMessage("application.yaml: no setting is called \"amount\"");
  }

  @Test
  @DisplayName("every unknown key is named")
  void unknownKeys() {
    assertThatThrownBy(() -> load("sise: 3\nnested: {mode: x}", Map.of()))
        .hasMessage(
            "application.yaml: no setting is called \"nested.mode\"; "
                + "application.yaml: no setting is called \"sise\"");
  }

  @Test
  @DisplayName("an unknown variable with the prefix of settings is refused, others are ignored")
  void unknownVariables() throws Exception {
    assertThatThrownBy(() -> load("size: 1", Map.of("vdiConfig_SISE", "3")))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessage("environment: no setting is called vdiConfig_SISE");
    load("size: 1", Map.of("VDI_SISE", "3", "VDI_LOGGING_FORMAT", "json", "PATH", "/bin"));
    assertThat(log.messages(Level.WARN)).isEmpty();
  }

  @Test
  @DisplayName("a setting with the former prefix is not applied; a warning has the new name")
  void formerPrefix() throws Exception {
    Config config = load("size: 3", Map.of("VDI_SIZE", "9", "VDI_AMOUNT", "8"));
    assertThat(config.get("size").asString().get()).isEqualTo("3");
    assertThat(log.messages(Level.WARN))
        .containsExactlyInAnyOrder(
            "environment: VDI_SIZE is ignored, because settings now have the prefix vdiConfig_:"
                + " rename it to vdiConfig_SIZE, or remove it",
            "environment: VDI_AMOUNT is ignored, because settings now have the prefix vdiConfig_:"
                + " rename it to vdiConfig_AMOUNT, or remove it");
  }

  @Test
  @DisplayName("the variables that Kubernetes sets for Services never reach the settings")
  void serviceLinks() throws Exception {
    for (String service :
        List.of("vdi", "vdi-size", "vdiconfig", "vdiconfig-size", "vdiconfig--nested-mode")) {
      for (Map.Entry<String, String> link : serviceLinks(service).entrySet()) {
        assertThat(
                load("size: 3", Map.of(link.getKey(), link.getValue()))
                    .get("size")
                    .asString()
                    .get())
            .isEqualTo("3");
        assertThat(link.getKey())
            .doesNotStartWith("vdiConfig_")
            .isNotIn("VDI_CONFIG_FILE", "VDI_LOGGING_FORMAT");
      }
    }
    assertThat(log.messages(Level.WARN)).isEmpty();
  }

  /** The variables that the kubelet sets for a Service with port 3478, named {@code file}. */
  static Map<String, String> serviceLinks(String service) {
    String name = service.toUpperCase(Locale.ROOT).replace('-', '_');
    return Map.of(
        name + "_SERVICE_HOST", "10.0.0.1",
        name + "_SERVICE_PORT", "3478",
        name + "_SERVICE_PORT_FILE", "3478",
        name + "_PORT", "tcp://10.0.0.1:3478",
        name + "_PORT_3478_TCP", "tcp://10.0.0.1:3478",
        name + "_PORT_3478_TCP_PROTO", "tcp",
        name + "_PORT_3478_TCP_PORT", "3478",
        name + "_PORT_3478_TCP_ADDR", "10.0.0.1");
  }

  @Test
  @DisplayName("any logger may have a level")
  void loggerNames() throws Exception {
    Config config = load("logging: {levels: {io.vdi.operator: DEBUG, root: WARN}}", Map.of());
    assertThat(config.get("logging.levels").detach().asMap().get())
        .containsEntry("io.vdi.operator", "DEBUG")
        .containsEntry("root", "WARN");
  }

  @Test
  @DisplayName("VDI_CONFIG_FILE names the file; unset or blank means no file")
  void mountedFile() {
    assertThat(ConfigLoader.mountedFile(Map.of())).isEmpty();
    assertThat(ConfigLoader.mountedFile(Map.of("VDI_CONFIG_FILE", " "))).isEmpty();
    assertThat(ConfigLoader.mountedFile(Map.of("VDI_CONFIG_FILE", "/etc/vdi/x.yaml")))
        .contains(Path.of("/etc/vdi/x.yaml"));
  }

  @Test
  @DisplayName("a file that is missing or is not YAML is refused with its name")
  void unreadableFile() throws Exception {
    Path missing = directory.resolve("missing.yaml");
    assertThatThrownBy(() -> new ConfigLoader(Optional.of(missing), Map.of()).load())
        .isInstanceOf(InvalidConfigException.class)
        .hasMessage("VDI_CONFIG_FILE names " + missing + ", which cannot be read");
    assertThatThrownBy(() -> load("size: [1", Map.of()))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageStartingWith("application.yaml: while parsing a flow sequence");
  }

  @Test
  @DisplayName("the variable of a key has an underscore at each dot and before each word")
  void variables() {
    assertThat(
            List.of("size", "tls.certResolver", "quota.user.gpus").stream()
                .map(ConfigLoader::variable))
        .containsExactly(
            "vdiConfig_SIZE", "vdiConfig_TLS_CERT_RESOLVER", "vdiConfig_QUOTA_USER_GPUS");
  }

  private Config load(String content, Map<String, String> environment)
      throws IOException, InvalidConfigException {
    return new ConfigLoader(Optional.of(write(content)), environment, RENAMED).load();
  }

  private Path write(String content) throws IOException {
    return Files.writeString(directory.resolve("application.yaml"), content);
  }
}
