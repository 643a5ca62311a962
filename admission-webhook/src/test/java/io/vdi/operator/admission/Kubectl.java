package io.vdi.operator.admission;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The kubectl of the embedded cluster, as its admin. Tests on another cluster are skipped. */
record Kubectl(Cluster cluster, String namespace) {
  record Result(int exitStatus, String output) {}

  Result run(String... arguments) throws Exception {
    assumeTrue(cluster instanceof EmbeddedCluster, "only the embedded cluster contains kubectl");
    List<String> command = new ArrayList<>();
    command.add(((EmbeddedCluster) cluster).kubectl().toString());
    command.addAll(
        List.of("--kubeconfig", cluster.kubeconfig().toString(), "--namespace", namespace));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }
}
