package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.KubeconfigLoader;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that select the cluster; the first three are those of kubectl. */
final class ClusterOptions {
  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      description = "Default: KUBECONFIG, else ~/.kube/config.")
  private Path kubeconfig;

  @Option(
      names = "--context",
      paramLabel = "NAME",
      description = "Context of the kubeconfig (default: the current context).")
  private String context;

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAME",
      description = "Namespace of the sessions (default: that of the context).")
  private String namespace;

  @Option(
      names = "--operator-namespace",
      paramLabel = "NAME",
      defaultValue = "vdi-system",
      description = "Namespace of the operator (default: ${DEFAULT-VALUE}).")
  private String operatorNamespace;

  ClusterAccess connect(Map<String, String> environment) {
    return KubeconfigLoader.connect(
        Optional.ofNullable(kubeconfig),
        Optional.ofNullable(context),
        Optional.ofNullable(namespace),
        operatorNamespace,
        environment);
  }
}
