package io.vdi.operator.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.Progress;
import io.vdi.operator.e2e.node.OperatorNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The kubectl plugin from its archive, on a node with real desktops: its start-up time, the time of
 * the doctor, and the number of findings on a healthy system.
 */
final class DoctorBench {
  /** Two cores can start 20 desktops that request this much; an idle desktop uses little. */
  private static final String CPU = "60m";

  private static final int RUNS = 10;
  private static final Duration PATIENCE = Duration.ofMinutes(8);
  private static final SimulatedNodes.Spec NO_SIMULATED_NODES = new SimulatedNodes.Spec(0, 0, 0);

  private final OperatorNode node;
  private final Path plugin;

  private DoctorBench(OperatorNode node, Path plugin) {
    this.node = node;
    this.plugin = plugin;
  }

  static Result.DoctorTimes measure(int sessions) {
    try (OperatorNode node = OperatorNode.start(Path.of(""), NO_SIMULATED_NODES)) {
      Path folder = node.cluster().folder();
      Command.run(
          List.of(
              "tar",
              "--extract",
              "--file=" + node.checkout().resolve("images/target/kubectl-vdi.tar"),
              "--directory=" + folder));
      node.install();
      return new DoctorBench(node, folder.resolve("kubectl-vdi/bin/kubectl-vdi")).run(sessions);
    }
  }

  private Result.DoctorTimes run(int sessions) {
    // Before the desktops start: a user's machine is not busy with twenty of them.
    Quantiles list = repeat(Map.of(), "list");
    Quantiles withoutCache = repeat(Map.of("VDI_JAVA_OPTIONS", "-XX:AOTMode=off"), "list");
    node.template(
        "bench", "resources: {defaultCPU: " + CPU + ", defaultMemory: 1Gi, defaultGPU: 0}");
    IntStream.range(0, sessions)
        .forEach(i ->
            node.apply(
                """
                apiVersion: vdi.kasm.io/v1alpha1
                kind: VDISession
                metadata: {name: bench-%1$d}
                spec: {user: user-%1$d@example.com, template: bench}
                """
                    .formatted(i)));
    Progress.await(
        () -> running() + " of " + sessions + " desktops", PATIENCE, () -> running() == sessions);
    Quantiles one = repeat(Map.of(), doctor("bench-0"));
    Quantiles all = repeat(Map.of(), doctor("-A"));
    return new Result.DoctorTimes(sessions, RUNS, list, withoutCache, one, all, findings());
  }

  private long running() {
    List<VdiSession> sessions =
        node.api().list(ResourceType.SESSION, "default", "").orElseThrow().items();
    return sessions.stream().filter(each -> each.status().phase() == Phase.RUNNING).count();
  }

  private String[] doctor(String target) {
    return new String[] {
      "doctor",
      target,
      "--router=" + node.cluster().address(),
      "--certificate-authority=" + node.routerCertificate()
    };
  }

  private Quantiles repeat(Map<String, String> environment, String... arguments) {
    List<Long> nanos = new ArrayList<>();
    for (int i = 0; i < RUNS; i++) {
      long start = System.nanoTime();
      plugin(environment, arguments);
      nanos.add(System.nanoTime() - start);
    }
    return Quantiles.ofNanos(nanos);
  }

  private int findings() {
    List<String> arguments = new ArrayList<>(List.of(doctor("-A")));
    arguments.add("--output=json");
    JsonArray findings =
        KubeGson.gson()
            .fromJson(plugin(Map.of(), arguments.toArray(String[]::new)), JsonObject.class)
            .getAsJsonArray("findings");
    findings.forEach(System.out::println);
    return findings.size();
  }

  private String plugin(Map<String, String> environment, String... arguments) {
    List<String> command = new ArrayList<>(List.of(plugin.toString()));
    command.addAll(List.of(arguments));
    Map<String, String> all = new HashMap<>(environment);
    all.put("KUBECONFIG", node.cluster().kubeconfig().toString());
    return Command.run(command, all);
  }
}
