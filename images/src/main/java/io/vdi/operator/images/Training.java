package io.vdi.operator.images;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Records the AOT caches of the services, while they handle sessions on a cluster with simulated
 * nodes. An AOT cache holds loaded and linked classes and profiles (JEP 483, 514 and 515), so that
 * a service starts faster and compiles its hot code earlier.
 */
final class Training {
  private static final int SESSIONS = 300;
  private static final String NAMESPACE = OperatorService.NAMESPACE;
  private static final String COLLECTION =
      "/apis/vdi.kasm.io/v1alpha1/namespaces/default/vdisessions";
  private static final Duration TIMEOUT = Duration.ofMinutes(3);

  /**
   * Runs a JVM that exits when this JVM exits. Not by {@link
   * io.vdi.operator.devcluster.process.ExitWithParent}: an AOT cache requires exactly the class
   * path of the image.
   */
  private static final List<String> EXIT_WITH_PARENT =
      List.of(
          "sh",
          "-c",
          """
          exec 3<&0
          "$@" & child=$!
          { read -r _ <&3; kill $child; } & reader=$!
          trap 'kill $child' TERM
          wait $child; wait $child; status=$?
          kill $reader
          exit $status
          """,
          "sh");

  private final Path checkout;
  private final Platform platform;
  private final Path folder;
  private final Map<OperatorService, Stage> stages = new EnumMap<>(OperatorService.class);

  /**
   * @param folder directory for the files of the images and the AOT caches
   */
  Training(Path checkout, Platform platform, Path folder) {
    this.checkout = checkout;
    this.platform = platform;
    this.folder = folder;
  }

  Path checkout() {
    return checkout;
  }

  /** The files of a service's image. */
  Stage stage(OperatorService service) {
    return stages.computeIfAbsent(
        service,
        key ->
            Stage.of(
                key,
                checkout,
                platform.java(),
                platform.architecture().isOfHost(),
                folder.resolve(key.module())));
  }

  /**
   * The AOT cache of a service, the only file in its directory. The first call records all of them.
   */
  Path cacheOf(OperatorService service) throws IOException {
    Path cache = folder.resolve(service.module()).resolve("aot").resolve(service.module() + ".aot");
    if (!Files.exists(cache)) {
      record();
    }
    return cache;
  }

  private void record() throws IOException {
    Progress.say(
        "recording the AOT caches of the services while they handle "
            + SESSIONS
            + " sessions: about 60 s");
    Path clusterFolder = Files.createTempDirectory("vdi-training-");
    try (EmbeddedCluster cluster =
        EmbeddedCluster.start(clusterFolder, new SimulatedNodes.Spec(2, 8 * SESSIONS, SESSIONS))) {
      RouterAddon.installCrds(cluster);
      ChartInstaller installer =
          new ChartInstaller(cluster, checkout.resolve("charts/vdi-operator"), NAMESPACE);
      installer.installController();
      installer.installReaper();
      installer.installGate();
      List<Integer> ports = LoopbackPorts.free(3);
      installer.installWebhook("https://127.0.0.1:" + ports.getFirst());
      List<OperatorProcess> services =
          Arrays.stream(OperatorService.values())
              .map(service -> OperatorProcess.start(launch(cluster, service, ports)))
              .toList();
      services.forEach(OperatorProcess::awaitReady);
      ChartInstaller.awaitAdmission(cluster);
      KubeClient api = cluster.connect();
      GateTraining gate = new GateTraining(ports.get(1), ports.get(2));
      runSessions(api, gate);
      api.close();
      // A service writes its cache when it exits, so close(), which kills it after 15 s, is too
      // fast.
      services.forEach(service -> service.process().terminate());
      for (OperatorProcess service : services) {
        service.process().onExit().get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new ClusterException("the AOT caches were not written in time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClusterException("interrupted while recording AOT caches", e);
    }
  }

  private OperatorProcess.Launch launch(
      EmbeddedCluster cluster, OperatorService service, List<Integer> ports) {
    Stage stage = stage(service);
    Map<String, String> settings =
        switch (service) {
          case ADMISSION_WEBHOOK -> OperatorService.webhookAt(ports.getFirst());
          case GATE -> OperatorService.gateAt(ports.get(1), ports.get(2), GateTraining.PORTAL);
          case CONTROLLER, REAPER -> Map.of();
        };
    Path cache = stage.root().resolve("aot").resolve(service.module() + ".aot");
    OperatorProcess.Launch usual =
        service.launch(
            checkout,
            NAMESPACE,
            cluster.serviceAccountKubeconfig(
                NAMESPACE, service.account(), cluster.folder().resolve(service.module() + ".conf")),
            cluster.folder(),
            service.module(),
            settings);
    try {
      Files.createDirectories(cache.getParent());
    } catch (IOException e) {
      throw new ClusterException("cannot create " + cache.getParent(), e);
    }
    return usual.as(
        java(EXIT_WITH_PARENT, stage),
        Stream.concat(service.jvmFlags().stream(), Stream.of("-XX:AOTCacheOutput=" + cache))
            .toList(),
        stage.classPath(),
        List.of(service.mainClass()));
  }

  private static List<String> java(List<String> before, Stage stage) {
    return Stream.concat(before.stream(), Stream.of(stage.java().resolve("bin/java").toString()))
        .toList();
  }

  /** Creates and deletes sessions. A third expires, so that the reaper has work as well. */
  private static void runSessions(KubeClient api, GateTraining gate) {
    Manifests.apply(
        api,
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: training}
        spec: {image: desktop, resources: {maxGPU: 2}}
        """);
    for (int i = 0; i < SESSIONS; i++) {
      Manifests.apply(
          api,
          """
          apiVersion: vdi.kasm.io/v1alpha1
          kind: VDISession
          metadata: {name: training-%1$d}
          spec: {user: user-%1$d@example.com, template: training%2$s}
          """
              .formatted(i, i % 3 == 0 ? ", timeout: 5s" : ""));
    }
    Progress.await(
        () -> "the sessions of the training to run or expire",
        TIMEOUT,
        () -> {
          List<String> phases = phases(api);
          return phases.size() <= SESSIONS - SESSIONS / 3
              && phases.stream().allMatch("Running"::equals);
        });
    gate.run("user-1.vdi.example.com");
    // Other builds may keep the API server from answering in time.
    Progress.await(
        () -> "the API server to delete the sessions of the training",
        TIMEOUT,
        () -> api.request("DELETE", COLLECTION, null).ok().isPresent());
    Progress.await(
        () -> "the sessions of the training to be deleted", TIMEOUT, () -> phases(api).isEmpty());
  }

  private static List<String> phases(KubeClient api) {
    JsonObject list = api.request("GET", COLLECTION, null).orElseThrow();
    return list.getAsJsonArray("items").asList().stream()
        .map(session -> session.getAsJsonObject().getAsJsonObject("status"))
        .map(status ->
            status == null || !status.has("phase") ? "" : status.get("phase").getAsString())
        .toList();
  }
}
