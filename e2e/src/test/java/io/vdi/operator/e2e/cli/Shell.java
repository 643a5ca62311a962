package io.vdi.operator.e2e.cli;

import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.e2e.node.OperatorNode;
import io.vdi.operator.images.Images;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A shell in the checkout, with kubectl, the plugin and Helm on the PATH. */
public final class Shell {
  private final OperatorNode node;
  private final Path folder;

  /**
   * Unpacks the plugin.
   *
   * @param folder for the plugin and for Helm's files
   */
  public Shell(OperatorNode node, Path folder) {
    this.node = node;
    this.folder = folder;
    Path archive = Images.of(node.checkout()).provide(Images.PLUGIN);
    Command.run(List.of("tar", "--extract", "--file=" + archive, "--directory=" + folder));
  }

  /**
   * Runs a command; returns its output.
   *
   * @throws io.vdi.operator.devcluster.process.ClusterException with its output, if it fails
   */
  public String run(String command) {
    return run(command, Map.of());
  }

  /** Runs a command with further environment variables; see {@link #run(String)}. */
  public String run(String command, Map<String, String> more) {
    Map<String, String> environment = environment();
    environment.putAll(more);
    return Command.run(
        List.of("sh", "-c", "cd '" + node.checkout() + "' && " + command), environment);
  }

  Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("KUBECONFIG", node.cluster().kubeconfig().toString());
    environment.put(
        "PATH",
        String.join(
            ":",
            folder.resolve("kubectl-vdi/bin").toString(),
            node.cluster().kubectl().getParent().toString(),
            GoPrograms.inDefaultCache().helm().getParent().toString(),
            System.getenv("PATH")));
    for (String kind : List.of("CACHE", "CONFIG", "DATA")) {
      environment.put("HELM_" + kind + "_HOME", folder.resolve("helm-" + kind).toString());
    }
    return environment;
  }
}
