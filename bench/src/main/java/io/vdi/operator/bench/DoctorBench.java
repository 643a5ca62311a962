package io.vdi.operator.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The kubectl plugin as users have it, on a node with real desktops: how soon it is there, how long
 * the doctor takes, and what it finds where nothing is wrong.
 */
final class DoctorBench {
  /** As many as two cores can start: a desktop at rest needs little. */
  private static final String CPU = "60m";

  private static final int RUNS = 10;
  private static final Duration PATIENCE = Duration.ofMinutes(8);
  private static final String SESSIONS =
      "/apis/vdi.kasm.io/v1alpha1/namespaces/default/vdisessions";

  private final EmbeddedCluster cluster;
  private final KubeClient api;
  private final Path plugin;

  private DoctorBench(EmbeddedCluster cluster, Path plugin) {
    this.cluster = cluster;
    this.api = cluster.connect();
    this.plugin = plugin;
  }

  static Result.Examined measure(int sessions) {
    Path images = Path.of("images/target").toAbsolutePath();
    try (EmbeddedCluster cluster =
        FullCluster.start(
            Files.createTempDirectory("vdi-bench-"), images, 1, new SimulatedNodes.Spec(0, 0, 0))) {
      Command.run(
          List.of(
              "tar",
              "--extract",
              "--file=" + images.resolve("kubectl-vdi.tar"),
              "--directory=" + cluster.folder()));
      Helm.of(cluster, cluster.folder().resolve("helm"))
          .install(
              Path.of("charts/vdi-operator"), "vdi-system", "--set=config.tls.mode=routerDefault");
      ChartInstaller.awaitAdmission(cluster);
      return new DoctorBench(cluster, cluster.folder().resolve("kubectl-vdi/bin/kubectl-vdi"))
          .run(sessions);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Result.Examined run(int sessions) {
    // A user's machine is not the node that bears twenty desktops.
    Quantiles list = repeat(Map.of(), "list");
    Quantiles withoutCache = repeat(Map.of("VDI_JAVA_OPTIONS", "-XX:AOTMode=off"), "list");
    Manifests.apply(
        api,
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: bench}
        spec:
          image: %s
          healthPath: /api/health
          resources: {defaultCPU: %s, defaultMemory: 1Gi, defaultGPU: 0}
        """
            .formatted(FullCluster.DESKTOP, CPU));
    IntStream.range(0, sessions)
        .forEach(i ->
            Manifests.apply(
                api,
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
    return new Result.Examined(sessions, RUNS, list, withoutCache, one, all, findings());
  }

  private long running() {
    return api
        .request("GET", SESSIONS, null)
        .orElseThrow()
        .getAsJsonArray("items")
        .asList()
        .stream()
        .filter(session -> session.toString().contains("\"phase\":\"Running\""))
        .count();
  }

  private String[] doctor(String what) {
    return new String[] {
      "doctor",
      what,
      "--router=" + cluster.address(),
      "--certificate-authority=" + RouterAddon.certificate(cluster.folder())
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
    all.put("KUBECONFIG", cluster.kubeconfig().toString());
    return Command.run(command, all);
  }
}
