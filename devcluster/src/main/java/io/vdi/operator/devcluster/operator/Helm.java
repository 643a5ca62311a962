package io.vdi.operator.devcluster.operator;

import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs Helm, with its cache and configuration in a directory of our own. */
public final class Helm {
  private final Path helm;
  private final Path home;
  private final List<String> cluster;

  private Helm(Path home, List<String> cluster) {
    this.helm = GoPrograms.inDefaultCache().helm();
    this.home = home;
    this.cluster = cluster;
  }

  /** For commands without a cluster, such as {@link #template}, or with that of KUBECONFIG. */
  public static Helm offline() {
    return new Helm(Path.of(System.getProperty("java.io.tmpdir"), "vdi-helm"), List.of());
  }

  /**
   * For commands on this cluster.
   *
   * @param home directory for Helm's cache and configuration
   */
  public static Helm of(Cluster cluster, Path home) {
    return new Helm(home, List.of("--kubeconfig", cluster.kubeconfig().toString()));
  }

  /** Renders the manifests of the chart as YAML, with these flags. */
  public String template(Path chart, String namespace, String... flags) {
    List<String> arguments =
        new ArrayList<>(List.of("template", "vdi-operator", chart.toString(), "-n", namespace));
    arguments.addAll(List.of(flags));
    return run(arguments.toArray(String[]::new));
  }

  /** Installs or upgrades the chart with these flags. Returns when all of its pods are ready. */
  public void install(Path chart, String namespace, String... flags) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "upgrade",
                "--install",
                "vdi-operator",
                chart.toString(),
                "--namespace=" + namespace,
                "--create-namespace",
                "--wait",
                "--timeout=3m"));
    arguments.addAll(List.of(flags));
    run(arguments.toArray(String[]::new));
  }

  /**
   * Runs Helm and returns its standard output.
   *
   * @throws ClusterException with Helm's error message, if it fails
   */
  public String run(String... arguments) {
    List<String> command = new ArrayList<>(List.of(helm.toString()));
    command.addAll(List.of(arguments));
    command.addAll(cluster);
    Map<String, String> folders = new HashMap<>();
    for (String kind : List.of("CACHE", "CONFIG", "DATA")) {
      folders.put("HELM_" + kind + "_HOME", home.resolve(kind).toString());
    }
    return Command.run(command, folders);
  }
}
