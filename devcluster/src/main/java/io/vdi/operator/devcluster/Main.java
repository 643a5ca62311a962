package io.vdi.operator.devcluster;

import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.operator.DevEnvironment;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Progress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The commands behind make: {@code build}, with a platform for another architecture, {@code up},
 * {@code down}; {@code node} exits with 0 if this machine can run containers; {@code helm} runs
 * Helm on the cluster of KUBECONFIG.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    String command = args.length > 0 ? args[0] : "";
    DevEnvironment environment = new DevEnvironment(Path.of("").toAbsolutePath());
    try {
      switch (command) {
        case "build" -> {
          Architecture architecture = Architecture.of(args.length > 1 ? args[1] : "");
          if (architecture.isOfHost()) {
            environment.build();
          } else {
            environment.build(architecture);
          }
        }
        case "up" -> environment.up();
        case "down" -> environment.down();
        case "node" -> System.exit(supportsContainers() ? 0 : 1);
        case "helm" -> {
          List<String> arguments = List.of(args).subList(1, args.length);
          System.out.print(Helm.offline().run(arguments.toArray(String[]::new)));
        }
        default -> {
          System.err.println(
              "usage: "
                  + String.join(
                      " | ", List.of("build [PLATFORM]", "up", "down", "node", "helm ...")));
          System.exit(2);
        }
      }
    } catch (ClusterException e) {
      System.err.println("✗ " + e.getMessage());
      System.exit(1);
    }
  }

  private static boolean supportsContainers() {
    Optional<String> reason = EmbeddedCluster.unsupportedReason();
    reason.ifPresent(why ->
        Progress.say("this machine cannot run containers (" + why + "); nodes will be simulated"));
    return reason.isEmpty();
  }
}
