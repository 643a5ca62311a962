package io.vdi.operator.bench;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.Progress;
import io.vdi.operator.e2e.browser.Account;
import io.vdi.operator.e2e.browser.Browser;
import io.vdi.operator.e2e.browser.Visitor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * On a node that runs containers: from kubectl apply to a picture in a browser, with its parts, and
 * the memory of the installed services.
 */
final class DesktopBench {
  private static final int SESSIONS = 1000;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final URI PAGE = URI.create("https://bench.vdi.example.com/");
  private static final String SESSION =
      "/apis/vdi.kasm.io/v1alpha1/namespaces/default/vdisessions/bench";
  private static final String POD = "/api/v1/namespaces/default/pods/bench";
  private static final String CLAIM =
      "/api/v1/namespaces/default/persistentvolumeclaims/vdi-data-bench";

  private final EmbeddedCluster cluster;
  private final KubeClient api;
  private final Path certificate;
  private final Map<String, List<Long>> parts = new LinkedHashMap<>();
  private long last;

  private DesktopBench(EmbeddedCluster cluster) {
    this.cluster = cluster;
    this.api = cluster.connect();
    this.certificate = RouterAddon.certificate(cluster.folder());
  }

  static Result.Pictured measure(int runs) {
    try (EmbeddedCluster cluster =
        FullCluster.start(
            Files.createTempDirectory("vdi-bench-"),
            Path.of("images/target").toAbsolutePath(),
            1,
            new SimulatedNodes.Spec(1, 2 * SESSIONS, 2 * SESSIONS))) {
      Helm.of(cluster, cluster.folder().resolve("helm"))
          .install(
              Path.of("charts/vdi-operator"),
              "vdi-system",
              "--set=config.tls.mode=routerDefault",
              "--set=nodeSelector.kubernetes\\.io/hostname=node-1");
      ChartInstaller.awaitAdmission(cluster);
      return new DesktopBench(cluster).run(runs);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Result.Pictured run(int runs) throws IOException {
    Manifests.apply(
        api,
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: bench}
        spec:
          image: %s
          healthPath: /api/health
          nodeSelector: {kubernetes.io/hostname: node-1}
          resources: {defaultCPU: "1", defaultMemory: 2Gi}
        ---
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: simulated}
        spec: {image: desktop, nodeSelector: {vdi.devcluster/simulated: "true"}}
        """
            .formatted(FullCluster.DESKTOP));
    Path session =
        Files.writeString(
            cluster.folder().resolve("session.yaml"),
            """
            apiVersion: vdi.kasm.io/v1alpha1
            kind: VDISession
            metadata: {name: bench}
            spec: {user: bench@example.com, template: bench}
            """);
    List<Long> whole = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      // A browser without a memory, open already, as with who has just applied.
      try (Browser browser = Browser.start(cluster.address(), certificate)) {
        long start = System.nanoTime();
        last = start;
        once(session, browser);
        whole.add(System.nanoTime() - start);
      }
      api.request("DELETE", SESSION, null).orElseThrow();
      Progress.await(() -> "the desktop to go", PATIENCE, () -> !exists(SESSION) && !exists(CLAIM));
    }
    Map<String, Quantiles> quantiles = new LinkedHashMap<>();
    parts.forEach((part, nanos) -> quantiles.put(part, Quantiles.ofNanos(nanos)));
    Map<String, Double> rest = memory();
    simulate();
    return new Result.Pictured(runs, Quantiles.ofNanos(whole), quantiles, rest, SESSIONS, memory());
  }

  /** Sessions whose desktops need no room. */
  private void simulate() {
    new Load.Clients(8)
        .run(
            SESSIONS,
            i ->
                Manifests.apply(
                    api,
                    """
                    apiVersion: vdi.kasm.io/v1alpha1
                    kind: VDISession
                    metadata: {name: simulated-%1$d}
                    spec:
                      user: user-%1$d@example.com
                      template: simulated
                      persistence: {enabled: false}
                    """
                        .formatted(i)));
    try (ResourceCache<VdiSession> sessions =
        new ResourceCache<>(api, ResourceType.SESSION, "", InstantSource.system(), change -> {})) {
      sessions.start();
      Progress.await(
          () -> "the simulated desktops to run",
          PATIENCE,
          () ->
              sessions.list().stream().filter(s -> s.status().phase() == Phase.RUNNING).count()
                  == SESSIONS);
    }
  }

  /** Of each service the process that takes the most, in MiB. */
  private static Map<String, Double> memory() {
    Map<String, Double> most = new LinkedHashMap<>();
    for (OperatorService service : OperatorService.values()) {
      ProcessHandle.allProcesses()
          .filter(process -> isOf(process.pid(), service))
          .mapToDouble(process -> ProcessFigures.of(process.pid()).rss())
          .max()
          .ifPresent(rss -> most.put(service.module(), rss));
    }
    return most;
  }

  private static boolean isOf(long pid, OperatorService service) {
    try {
      String command = Files.readString(Path.of("/proc", String.valueOf(pid), "cmdline"));
      return command.startsWith("/opt/java/bin/java") && command.contains(service.mainClass());
    } catch (IOException e) {
      return false;
    }
  }

  private void once(Path session, Browser browser) {
    Command.run(
        List.of(cluster.kubectl().toString(), "apply", "-f", session.toString()),
        Map.of("KUBECONFIG", cluster.kubeconfig().toString()));
    took("kubectl apply, admission in it");
    await("objects", () -> exists(POD));
    await("volume and scheduling", () -> pod().contains("\"nodeName\""));
    await("container start", () -> pod().contains("\"running\":"));
    await("Selkies ready, seen by the kubelet", () -> pod().contains("\"ready\":true"));
    Visitor visitor = new Visitor(cluster.address(), certificate);
    await("route", () -> visitor.status(PAGE, Optional.empty()) == 401);
    browser.open(PAGE, Account.of(api, "default", "bench"));
    browser.awaitPicture(PATIENCE);
    took("page and first picture");
  }

  private void await(String part, BooleanSupplier done) {
    Progress.await(() -> part, PATIENCE, done);
    took(part);
  }

  private void took(String part) {
    long now = System.nanoTime();
    parts.computeIfAbsent(part, key -> new ArrayList<>()).add(now - last);
    last = now;
  }

  private boolean exists(String path) {
    return api.request("GET", path, null).ok().isPresent();
  }

  private String pod() {
    return api.request("GET", POD, null).ok().map(JsonObject::toString).orElse("");
  }
}
