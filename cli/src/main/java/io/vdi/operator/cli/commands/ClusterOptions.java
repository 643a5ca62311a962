package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.Kubeconfig;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which cluster, as with kubectl. */
final class ClusterOptions {
  @Option(names = "--kubeconfig", paramLabel = "FILE", description = "Instead of KUBECONFIG.")
  private Path kubeconfig;

  @Option(names = "--context", paramLabel = "NAME", description = "Instead of the current context.")
  private String context;

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAME",
      description = "Namespace of the sessions.")
  private String namespace;

  @Option(
      names = "--operator-namespace",
      paramLabel = "NAME",
      defaultValue = "vdi-system",
      description = "Namespace of the operator (default: ${DEFAULT-VALUE}).")
  private String operator;

  ClusterAccess connect(Map<String, String> environment) {
    return Kubeconfig.connect(
        Optional.ofNullable(kubeconfig),
        Optional.ofNullable(context),
        Optional.ofNullable(namespace),
        operator,
        environment);
  }
}
