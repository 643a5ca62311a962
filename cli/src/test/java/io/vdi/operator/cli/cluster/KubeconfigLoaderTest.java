package io.vdi.operator.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubeconfigLoaderTest {
  private final Path folder;

  KubeconfigLoaderTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** A kubeconfig with two contexts: {@code here} with the namespace, {@code bare} without. */
  private Path file(String name, String namespace) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(
        file,
        """
        apiVersion: v1
        kind: Config
        current-context: here
        contexts:
          - {name: here, context: {cluster: here, user: me, namespace: %s}}
          - {name: bare, context: {cluster: here, user: me}}
        clusters: [{name: here, cluster: {server: "https://127.0.0.1:1"}}]
        users: [{name: me, user: {token: t}}]
        """
            .formatted(namespace));
  }

  private static String namespace(
      Optional<Path> file,
      Optional<String> context,
      Optional<String> namespace,
      Map<String, String> environment) {
    try (ClusterAccess cluster =
        KubeconfigLoader.connect(file, context, namespace, "vdi-system", environment)) {
      assertThat(cluster.operatorNamespace()).isEqualTo("vdi-system");
      return cluster.namespace();
    }
  }

  private static String namespace(Optional<Path> file, Map<String, String> environment) {
    return namespace(file, Optional.empty(), Optional.empty(), environment);
  }

  @Test
  void theOptionPrecedesTheVariableAndTheVariableTheHomeDirectory() throws IOException {
    Path option = file("option", "by-option");
    Path variable = file("variable", "by-variable");
    file(".kube/config", "by-home");
    Map<String, String> home = Map.of("HOME", folder.toString());
    Map<String, String> both = Map.of("HOME", folder.toString(), "KUBECONFIG", variable.toString());
    assertThat(namespace(Optional.empty(), home)).isEqualTo("by-home");
    assertThat(namespace(Optional.empty(), both)).isEqualTo("by-variable");
    assertThat(namespace(Optional.of(option), both)).isEqualTo("by-option");
  }

  @Test
  void emptyPartsOfTheVariableDoNotCount() throws IOException {
    Path variable = file("variable", "by-variable");
    assertThat(namespace(Optional.empty(), Map.of("KUBECONFIG", ":" + variable + ":")))
        .isEqualTo("by-variable");
  }

  @Test
  void theNamespaceIsThatOfTheOptionElseOfTheContextElseDefault() throws IOException {
    Optional<Path> file = Optional.of(file("config", "team-a"));
    Optional<String> bare = Optional.of("bare");
    assertThat(namespace(file, Optional.empty(), Optional.of("team-b"), Map.of()))
        .isEqualTo("team-b");
    assertThat(namespace(file, Optional.empty(), Optional.empty(), Map.of())).isEqualTo("team-a");
    assertThat(namespace(file, bare, Optional.empty(), Map.of())).isEqualTo("default");
  }

  @Test
  void anUnknownContextFails() throws IOException {
    Optional<Path> file = Optional.of(file("config", "team-a"));
    assertThatThrownBy(() -> namespace(file, Optional.of("there"), Optional.empty(), Map.of()))
        .isInstanceOf(CliException.Failed.class)
        .hasMessage("the kubeconfig has no context \"there\"");
  }

  @Test
  void aMissingFileFails() {
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> namespace(Optional.of(missing), Map.of()))
        .isInstanceOf(CliException.Failed.class)
        .hasMessage(
            "no kubeconfig: " + missing + " cannot be read; set KUBECONFIG or --kubeconfig");
  }

  @Test
  void aFileWithOtherContentFails() throws IOException {
    Path file = Files.writeString(folder.resolve("notes"), "[a, list]");
    assertThatThrownBy(() -> namespace(Optional.of(file), Map.of()))
        .isInstanceOf(CliException.Failed.class)
        .hasMessageStartingWith(file + " is not a kubeconfig: ");
  }
}
