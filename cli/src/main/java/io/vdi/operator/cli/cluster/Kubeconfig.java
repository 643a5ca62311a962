package io.vdi.operator.cli.cluster;

import io.kubernetes.client.util.KubeConfig;
import io.vdi.operator.common.kube.KubeClientFactory;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which cluster, by the same rules as kubectl's. */
public final class Kubeconfig {
  private Kubeconfig() {}

  /**
   * Connects.
   *
   * @param file what {@code --kubeconfig} names
   * @param context what {@code --context} names
   * @param namespace what {@code --namespace} names
   * @param operator the operator's namespace
   * @throws CliException with what is wrong and what to do
   */
  public static ClusterAccess connect(
      Optional<Path> file,
      Optional<String> context,
      Optional<String> namespace,
      String operator,
      Map<String, String> environment) {
    try {
      KubeConfig config = load(file, environment);
      if (context.isPresent() && !config.setContext(context.get())) {
        throw new CliException(0, "the kubeconfig has no context \"" + context.get() + "\"");
      }
      String own = config.getNamespace();
      return new ClusterAccess(
          KubeClientFactory.of(config),
          namespace.orElse(own == null || own.isEmpty() ? "default" : own),
          operator);
    } catch (IOException | KubeClientFactory.ClusterUnavailableException e) {
      throw new CliException(0, e.getMessage());
    }
  }

  private static KubeConfig load(Optional<Path> named, Map<String, String> environment)
      throws IOException {
    List<Path> files =
        named
            .map(List::of)
            .orElseGet(() ->
                Arrays.stream(environment.getOrDefault("KUBECONFIG", "").split(":", -1))
                    .filter(name -> !name.isBlank())
                    .map(Path::of)
                    .toList());
    if (files.size() > 1) {
      return merged();
    }
    Path file =
        files.isEmpty()
            ? Path.of(environment.getOrDefault("HOME", ""), ".kube", "config")
            : files.getFirst();
    if (!Files.isReadable(file)) {
      throw new CliException(
          0, "no kubeconfig: " + file + " cannot be read; set KUBECONFIG or give --kubeconfig");
    }
    try {
      return KubeClientFactory.readKubeconfig(file);
    } catch (RuntimeException e) {
      throw new CliException(0, file + " is no kubeconfig: " + e.getMessage());
    }
  }

  /** Only kubectl knows how several files become one. */
  private static KubeConfig merged() throws IOException {
    Process kubectl =
        new ProcessBuilder("kubectl", "config", "view", "--raw", "--flatten")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String text = new String(kubectl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return KubeConfig.loadKubeConfig(new StringReader(text));
  }
}
