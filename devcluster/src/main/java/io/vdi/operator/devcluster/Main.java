package io.vdi.operator.devcluster;

import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.operator.DevEnvironment;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Progress;
import java.nio.file.Path;
import java.util.List;

/**
 * The commands behind make: build, up, down; node says whether containers can run here, helm runs
 * Helm on the cluster of KUBECONFIG.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    String command = args.length > 0 ? args[0] : "";
    DevEnvironment workbench = new DevEnvironment(Path.of("").toAbsolutePath());
    try {
      switch (command) {
        case "build" -> workbench.build();
        case "up" -> workbench.up();
        case "down" -> workbench.down();
        case "serve" -> workbench.serve();
        case "node" -> System.exit(canHaveNode() ? 0 : 1);
        case "helm" -> {
          List<String> arguments = List.of(args).subList(1, args.length);
          System.out.print(Helm.offline().run(arguments.toArray(String[]::new)));
        }
        default -> {
          System.err.println(
              "usage: " + String.join(" | ", List.of("build", "up", "down", "node", "helm ...")));
          System.exit(2);
        }
      }
    } catch (ClusterException e) {
      System.err.println("✗ " + e.getMessage());
      System.exit(1);
    }
  }

  private static boolean canHaveNode() {
    EmbeddedCluster.unsupportedReason()
        .ifPresent(why ->
            Progress.say("containers cannot run here (" + why + "): the nodes will be simulated"));
    return EmbeddedCluster.unsupportedReason().isEmpty();
  }
}
