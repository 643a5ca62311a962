package io.vdi.operator.bench;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.Progress;
import io.vdi.operator.e2e.browser.Browser;
import io.vdi.operator.e2e.browser.PageClient;
import io.vdi.operator.e2e.node.OperatorNode;
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
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * On a node that runs containers: the time from kubectl apply to a picture in a browser, split into
 * its steps, and the memory of the installed services.
 */
final class DesktopBench {
  private static final int SESSIONS = 1000;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** For all simulated sessions; on a busy machine two minutes are too short. */
  private static final Duration SIMULATION = Duration.ofMinutes(6);

  private static final URI PAGE = URI.create("https://bench.vdi.example.com/");
  private static final String SESSION = ResourceType.SESSION.path("default", "bench");
  private static final String POD = ResourceType.POD.path("default", "bench");
  private static final String CLAIM =
      ResourceType.PERSISTENT_VOLUME_CLAIM.path("default", "vdi-data-bench");

  private final OperatorNode node;
  private final Map<String, List<Long>> steps = new LinkedHashMap<>();
  private long last;

  private DesktopBench(OperatorNode node) {
    this.node = node;
  }

  static Result.DesktopTimes measure(int runs) {
    SimulatedNodes.Spec simulated = new SimulatedNodes.Spec(1, 2 * SESSIONS, 2 * SESSIONS);
    try (OperatorNode node = OperatorNode.start(Path.of(""), simulated)) {
      node.install();
      return new DesktopBench(node).run(runs);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Result.DesktopTimes run(int runs) throws IOException {
    node.template("bench", "resources: {defaultCPU: '1', defaultMemory: 2Gi}");
    node.apply(
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: simulated}
        spec: {image: desktop, nodeSelector: {vdi.devcluster/simulated: "true"}}
        """);
    Path session =
        Files.writeString(
            node.cluster().folder().resolve("session.yaml"),
            """
            apiVersion: vdi.kasm.io/v1alpha1
            kind: VDISession
            metadata: {name: bench}
            spec: {user: bench@example.com, template: bench}
            """);
    List<Long> whole = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      pause(i);
      // The browser is open before the user applies the session, and has nothing cached.
      try (Browser browser = Browser.start(node.cluster().address(), node.routerCertificate())) {
        long start = System.nanoTime();
        last = start;
        openDesktop(session, browser);
        whole.add(System.nanoTime() - start);
      }
      node.api().request("DELETE", SESSION, null).orElseThrow();
      Progress.await(
          () -> "the desktop to be deleted", PATIENCE, () -> !exists(SESSION) && !exists(CLAIM));
    }
    Map<String, Quantiles> quantiles = new LinkedHashMap<>();
    steps.forEach((step, nanos) -> quantiles.put(step, Quantiles.ofNanos(nanos)));
    Map<String, Double> idle = memory();
    simulateSessions();
    return new Result.DesktopTimes(
        runs, Quantiles.ofNanos(whole), quantiles, idle, SESSIONS, memory());
  }

  /**
   * Spreads the starts over a second. The kubelet, the scheduler and the provisioner look once per
   * second whether a step is done, and the deletion of a desktop ends when the kubelet looks:
   * without the pause, all starts would have the same luck.
   */
  private static void pause(int run) {
    LockSupport.parkNanos(run * 618_033_989L % 1_000_000_000);
  }

  private void openDesktop(Path session, Browser browser) {
    node.kubectl("apply", "-f", session.toString());
    endStep("kubectl apply with admission");
    await("objects", () -> exists(POD));
    await("volume and scheduling", () -> pod().contains("\"nodeName\""));
    await("container start", () -> pod().contains("\"running\":"));
    await("Selkies ready, as observed by the kubelet", () -> pod().contains("\"ready\":true"));
    PageClient pages = new PageClient(node.cluster().address(), node.routerCertificate());
    await("route", () -> pages.status(PAGE, Optional.empty()) == 401);
    browser.open(PAGE, node.credentials("bench"));
    browser.awaitPicture(PATIENCE);
    endStep("page and first picture");
  }

  private void await(String step, BooleanSupplier done) {
    Progress.await(() -> step, PATIENCE, done);
    endStep(step);
  }

  private void endStep(String step) {
    long now = System.nanoTime();
    steps.computeIfAbsent(step, key -> new ArrayList<>()).add(now - last);
    last = now;
  }

  private boolean exists(String path) {
    return node.api().request("GET", path, null).ok().isPresent();
  }

  private String pod() {
    return node.api().request("GET", POD, null).ok().map(JsonObject::toString).orElse("");
  }

  /** Creates sessions whose pods are on the simulated node and use no memory of this machine. */
  private void simulateSessions() {
    new RequestLoad.Clients(8)
        .run(
            SESSIONS,
            i ->
                node.apply(
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
        new ResourceCache<>(
            node.api(), ResourceType.SESSION, "", InstantSource.system(), change -> {})) {
      sessions.start();
      Progress.await(
          () -> "the simulated desktops to run",
          SIMULATION,
          () ->
              sessions.list().stream().filter(s -> s.status().phase() == Phase.RUNNING).count()
                  == SESSIONS);
    }
  }

  /** The resident memory of each service in MiB; of its replicas the largest. */
  private static Map<String, Double> memory() {
    Map<String, Double> largest = new LinkedHashMap<>();
    for (OperatorService service : OperatorService.values()) {
      ProcessHandle.allProcesses()
          .filter(process -> isOf(process.pid(), service))
          .mapToDouble(process -> ProcessFigures.of(process.pid()).rss())
          .max()
          .ifPresent(rss -> largest.put(service.module(), rss));
    }
    return largest;
  }

  private static boolean isOf(long pid, OperatorService service) {
    try {
      String command = Files.readString(Path.of("/proc", String.valueOf(pid), "cmdline"));
      return command.startsWith("/opt/java/bin/java") && command.contains(service.mainClass());
    } catch (IOException e) {
      return false;
    }
  }
}
