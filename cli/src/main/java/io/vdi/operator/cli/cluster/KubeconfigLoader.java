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

/** Selects cluster, user and namespace by the same rules as kubectl. */
public final class KubeconfigLoader {
  private KubeconfigLoader() {}

  /**
   * Creates the client. The order of precedence is {@code --kubeconfig}, KUBECONFIG, {@code
   * ~/.kube/config}.
   *
   * @param file the value of {@code --kubeconfig}
   * @param context the value of {@code --context}
   * @param namespace the value of {@code --namespace}
   * @param operatorNamespace the value of {@code --operator-namespace}
   * @throws CliException if the kubeconfig cannot be used
   */
  public static ClusterAccess connect(
      Optional<Path> file,
      Optional<String> context,
      Optional<String> namespace,
      String operatorNamespace,
      Map<String, String> environment) {
    try {
      KubeConfig config = load(file, environment);
      if (context.isPresent() && !config.setContext(context.get())) {
        throw new CliException.Failed("the kubeconfig has no context \"" + context.get() + "\"");
      }
      return new ClusterAccess(
          KubeClientFactory.of(config),
          namespace
              .or(() -> Optional.ofNullable(config.getNamespace()).filter(name -> !name.isEmpty()))
              .orElse("default"),
          operatorNamespace);
    } catch (IOException | KubeClientFactory.ClusterUnavailableException e) {
      throw new CliException.Failed(e.getMessage());
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
      throw new CliException.Failed(
          "no kubeconfig: " + file + " cannot be read; set KUBECONFIG or --kubeconfig");
    }
    try {
      return KubeClientFactory.readKubeconfig(file);
    } catch (RuntimeException e) {
      throw new CliException.Failed(file + " is not a kubeconfig: " + e.getMessage());
    }
  }

  /** KUBECONFIG lists several files: kubectl has the rules for merging them. */
  private static KubeConfig merged() throws IOException {
    Process kubectl =
        new ProcessBuilder("kubectl", "config", "view", "--raw", "--flatten")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String text = new String(kubectl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return KubeConfig.loadKubeConfig(new StringReader(text));
  }
}
