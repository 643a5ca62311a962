package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.Lease;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.ContainerNode;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.testing.ChaosBudget;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.e2e.browser.Browser;
import io.vdi.operator.e2e.browser.PageClient;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Faults of a real node and of the control plane under live desktops. After each fault the session
 * runs again with the same home, its status counts the replaced pods, and the other sessions are
 * unchanged; docs/specification.md, section 0.
 *
 * <p>The tests print how long recovery took, see docs/benchmarks.md. They run last: a fault that
 * leaves the node broken fails no other test. With {@code -Dvdi.chaos=true} (make chaos) the times
 * are measured several times, more faults run, and the kubelet is also stopped until the node is
 * NotReady.
 */
@Order(6)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class NodeFaultsIT {
  /** Runs in make chaos. In make test it would exceed the budget of two minutes. */
  @Target(ElementType.METHOD)
  @Retention(RetentionPolicy.RUNTIME)
  @EnabledIfSystemProperty(named = "vdi.chaos", matches = "true")
  private @interface InChaosOnly {}

  private static final boolean COMPLETE = ChaosBudget.COMPLETE;

  /** How often a recovery time is measured. */
  private static final int RUNS = COMPLETE ? 3 : 1;

  private static final int ARRIVALS = 10;
  private static final Duration POLL = Duration.ofMillis(50);

  /** The status has the reason after this time at the latest; docs/specification.md, section 0. */
  private static final Duration REASON = Duration.ofSeconds(30);

  private static final String SMALL_DISKS = "small-disks";

  private static OperatorNode node;
  private static EmbeddedCluster cluster;
  private static PageClient pages;

  /** The session that has the faults. It holds the node's only GPU. */
  private static LiveDesktop victim;

  /** A session on the same node. */
  private static LiveDesktop neighbor;

  /** A session on a simulated node. */
  private static LiveDesktop remote;

  /** A session on the same node with a small home and little space for other files. */
  private static LiveDesktop full;

  private LiveDesktop.Identity victimBefore;
  private LiveDesktop.Identity neighborBefore;
  private LiveDesktop.Identity remoteBefore;

  @BeforeAll
  static void start() {
    node = SharedNode.withDefaults();
    cluster = node.cluster();
    pages = new PageClient(cluster.address(), node.routerCertificate());
    node.template("faults", "resources: {defaultCPU: 300m, defaultMemory: 1Gi, defaultGPU: 0}");
    node.apply(
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: faults-remote}
        spec:
          image: desktop
          nodeSelector: {vdi.devcluster/simulated: "true"}
        """);
    await("the GPU of the node")
        .atMost(SharedNode.PATIENCE)
        .until(() ->
            node.kubectl("get", "node", ContainerNode.NAME, "-o", "yaml")
                .contains("nvidia.com/gpu: \"1\""));
    victim = desktop("default", "victim");
    neighbor = desktop("default", "neighbor");
    remote = desktop("default", "remote");
    // A second core would be used by the start of a desktop, but the operator needs half of one.
    victim.session().create("template: faults, resources: {gpu: 1, cpu: 800m}");
    neighbor.session().create("template: faults");
    remote.session().create("template: faults-remote, persistence: {enabled: false}");
    full = desktopWithSmallDisks();
    remote.session().awaitPhase(Phase.RUNNING);
    for (LiveDesktop desktop : List.of(victim, neighbor, full)) {
      desktop.awaitPage();
      writeMarker(desktop);
    }
  }

  private static LiveDesktop desktop(String namespace, String name) {
    return LiveDesktop.of(node, pages, namespace, name);
  }

  @AfterAll
  static void end() {
    if (node != null) {
      node.kubectl("delete", "vdi", "--all", "-A", "--wait", "--timeout=90s");
      node.kubectl("delete", "vdit", "faults", "faults-remote", "faults-small");
      node.kubectl("delete", "namespace", SMALL_DISKS, "--wait=false");
      node.kubectl("delete", "storageclass", "small");
      node.kubectl("delete", "pv", "small", "--wait=false");
      // A failed test runs once more, in the same node.
      cluster.commandOnNode("umount", "--lazy", smallHomes());
      cluster.commandOnNode("rmdir", smallHomes());
    }
  }

  @BeforeEach
  void observe() {
    victimBefore = victim.identity();
    neighborBefore = neighbor.identity();
    remoteBefore = remote.identity();
  }

  @AfterEach
  void noOtherSessionIsChanged() {
    assertEquals(remoteBefore, remote.identity());
    assertThat(remote.isRunning()).isTrue();
    assertThat(neighbor.page()).isEqualTo(200);
    assertThat(neighbor.isRunning()).isTrue();
  }

  /** In make test the drain evicts pods. */
  @Test
  @Order(1)
  @InChaosOnly
  void aPodThatTheEvictionApiEvictsIsCreatedAgain() {
    node.api()
        .request(
            "POST",
            victim.session().childPath(ResourceType.POD) + "/eviction",
            JsonParser.parseString(
                    "{\"apiVersion\": \"policy/v1\", \"kind\": \"Eviction\","
                        + " \"metadata\": {\"name\": \"victim\"}}")
                .getAsJsonObject())
        .orElseThrow();
    expectReplaced(victim, victimBefore, 1);
    expectNeighborUnchanged();
  }

  @Test
  @Order(2)
  void aPodThatTheNodeEndsIsCreatedAgain() {
    List<Duration> pages = new ArrayList<>();
    List<Duration> pictures = new ArrayList<>();
    try (Browser browser = startBrowser()) {
      for (int run = 0; run < RUNS; run++) {
        if (run > 0) {
          // Resets the delay before the next pod, which grows with each end in a row.
          victim.session().suspend();
          victim.session().awaitPhase(Phase.SUSPENDED);
          victim.session().resume();
          victim.awaitPage();
        }
        DesktopCredentials credentials = victim.credentials();
        node.kubectl("patch", "pod", "victim", "--patch={\"spec\":{\"activeDeadlineSeconds\":1}}");
        patiently("the end").until(() -> victim.page(credentials) != 200);
        Instant lost = Instant.now();
        patiently("the page").until(() -> victim.page(credentials) == 200);
        pages.add(Duration.between(lost, Instant.now()));
        showPicture(browser, credentials);
        pictures.add(Duration.between(lost, Instant.now()));
        browser.leave();
        victim.awaitPage();
      }
    }
    expectReplaced(victim, victimBefore, RUNS);
    victim.session().awaitEvent("PodReplaced");
    report("pod ended by the node → page again", pages);
    report("pod ended by the node → picture again in Chromium", pictures);
    expectNeighborUnchanged();
  }

  private static Browser startBrowser() {
    assertThat(Browser.provided()).as("Chromium is installed").isTrue();
    return Browser.start(cluster.address(), node.routerCertificate());
  }

  private static void showPicture(Browser browser, DesktopCredentials credentials) {
    browser.open(victim.address(), credentials);
    browser.awaitPicture(SharedNode.PATIENCE);
  }

  @Test
  @Order(3)
  void aPodThatIsDeletedWhileTheKubeletIsStoppedIsCreatedAgainWhenItStarts() {
    cluster.killKubelet();
    try {
      assertThat(victim.page()).isEqualTo(200);
      node.kubectl("delete", "pod", "victim", "--wait=false");
      assertThat(neighbor.page()).isEqualTo(200);
      await("the reason")
          .atMost(REASON)
          .until(() -> !victim.session().get().status().message().isEmpty());
      System.out.println("kubelet stopped: " + summary(victim));
      assertThat(victim.session().get().status().currentPhase())
          .isNotEqualTo(Optional.of(Phase.FAILED));
      if (COMPLETE) {
        awaitNodeNotReady();
        for (LiveDesktop desktop : List.of(victim, neighbor)) {
          patiently("the lost node in the status of " + desktop.session().name())
              .until(() ->
                  desktop
                      .session()
                      .get()
                      .status()
                      .message()
                      .startsWith("node " + ContainerNode.NAME + " is NotReady since "));
        }
        // The page is not asked: Kubernetes takes the pods of a NotReady node out of their
        // Services.
      }
    } finally {
      cluster.restartKubelet();
    }
    expectReplaced(victim, victimBefore, 1);
    neighbor.awaitPage();
    expectNeighborUnchanged();
  }

  private static void awaitNodeNotReady() {
    await("the node to be NotReady")
        .atMost(SharedNode.PATIENCE)
        .until(() ->
            !node.kubectl(
                    "get",
                    "node",
                    ContainerNode.NAME,
                    "-o",
                    "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}")
                .equals("True"));
  }

  @Test
  @Order(4)
  void desktopsContinueWhileContainerdIsRestarted() {
    cluster.killContainerd();
    try {
      assertThat(victim.page()).isEqualTo(200);
      assertThat(neighbor.page()).isEqualTo(200);
    } finally {
      cluster.restartContainerd();
    }
    victim.awaitPage();
    expectMarker(victim);
    assertEquals(victimBefore, victim.identity());
    expectNeighborUnchanged();
  }

  @Test
  @Order(5)
  void aDesktopWhoseProcessIsKilledIsStartedAgainInItsPod() {
    DesktopCredentials credentials = victim.credentials();
    cluster.killContainer(containerOf("default", "victim"));
    patiently("the end").until(() -> victim.page(credentials) != 200);
    victim.awaitPage();
    expectMarker(victim);
    LiveDesktop.Identity after = victim.identity();
    assertEquals(victimBefore.podUid(), after.podUid());
    assertEquals(victimBefore.containerRestarts() + 1, after.containerRestarts());
    assertEquals(victimBefore.restarts(), after.restarts());
    expectNeighborUnchanged();
  }

  @Test
  @Order(6)
  void drainedDesktopsWaitForANodeAndReturnWhenItIsUncordoned() {
    LiveDesktop.Identity fullBefore = full.identity();
    node.kubectl(
        "drain",
        ContainerNode.NAME,
        "--pod-selector=app.kubernetes.io/name=vdi-session",
        "--ignore-daemonsets",
        "--delete-emptydir-data",
        "--timeout=60s");
    try {
      for (LiveDesktop desktop : List.of(victim, neighbor, full)) {
        VdiSession pending =
            await("the reason")
                .atMost(REASON)
                .until(
                    desktop.session()::get,
                    session ->
                        session.status().message().contains("unschedulable")
                            && session.status().phase() == Phase.PENDING);
        System.out.println("drained: " + pending.status().message());
        desktop.session().awaitEvent("NodeDraining");
      }
    } finally {
      node.kubectl("uncordon", ContainerNode.NAME);
    }
    expectReplaced(victim, victimBefore, 1);
    expectReplaced(neighbor, neighborBefore, 1);
    expectReplaced(full, fullBefore, 1);
  }

  @Test
  @Order(7)
  @InChaosOnly
  void aPodThatAnotherWebhookKeepsFromBeingCreatedIsCreatedWhenTheWebhookAnswers() {
    node.apply(
        """
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingWebhookConfiguration
        metadata: {name: guard}
        webhooks:
          - name: guard.example.com
            admissionReviewVersions: [v1]
            sideEffects: None
            failurePolicy: Fail
            timeoutSeconds: 1
            clientConfig: {service: {name: guard, namespace: nowhere}}
            namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}
            rules:
              - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}
        """);
    try {
      awaitGuard();
      node.kubectl("delete", "pod", "victim", "--wait=false");
      VdiSession pending =
          await("the message of the API server")
              .atMost(REASON)
              .until(
                  victim.session()::get,
                  session -> session.status().message().contains("guard.example.com"));
      assertEquals(Phase.PENDING, pending.status().phase());
      assertThat(pending.status().message())
          .startsWith("Pod victim cannot be created: ")
          .contains("; retrying");
    } finally {
      node.kubectl("delete", "validatingwebhookconfiguration", "guard");
    }
    expectReplaced(victim, victimBefore, 1);
    expectNeighborUnchanged();
  }

  private static void awaitGuard() {
    await("the API server to call the webhook")
        .atMost(SharedNode.PATIENCE)
        .until(() -> {
          try {
            node.kubectl("run", "probe", "--image=probe", "--dry-run=server");
            return false;
          } catch (ClusterException e) {
            return e.getMessage().contains("guard.example.com");
          }
        });
  }

  @Test
  @Order(8)
  void everyStatusIsRightAfterTheApiServerWasAway() {
    List<Duration> times = new ArrayList<>();
    for (int run = 0; run < RUNS; run++) {
      times.add(timeToRightStatusesAfterTheApiServerIsBack(run));
    }
    report("API server back → all statuses right", times);
    expectMarker(victim);
    // The pod was ready before its container was killed: the kubelet reports the restart later.
    int restarts = victimBefore.containerRestarts() + 1;
    patiently("the restart to be reported")
        .until(() -> victim.identity().containerRestarts() == restarts);
    LiveDesktop.Identity after = victim.identity();
    assertEquals(victimBefore.podUid(), after.podUid());
    assertEquals(victimBefore.restarts(), after.restarts());
    expectNeighborUnchanged();
    awaitServices();
  }

  /**
   * Sessions are created immediately before the API server is killed. In the first run the victim's
   * desktop is killed while it is away.
   */
  private static Duration timeToRightStatusesAfterTheApiServerIsBack(int run) {
    DesktopCredentials ofVictim = victim.credentials();
    DesktopCredentials ofNeighbor = neighbor.credentials();
    String container = containerOf("default", "victim");
    List<SessionFixture> arrivals =
        IntStream.range(0, ARRIVALS)
            .mapToObj(i -> desktop("default", "arrival-" + run + "-" + i).session())
            .toList();
    for (SessionFixture arrival : arrivals) {
      arrival.create("template: faults-remote, persistence: {enabled: false}");
    }
    cluster.apiServer().kill();
    Instant back;
    try {
      if (run == 0) {
        // Once, because the kubelet waits longer before it starts a container again.
        cluster.killContainer(container);
        patiently("the end").until(() -> victim.page(ofVictim) != 200);
      }
      patiently("the desktop without API server").until(() -> victim.page(ofVictim) == 200);
      assertThat(neighbor.page(ofNeighbor)).isEqualTo(200);
    } finally {
      cluster.apiServer().restart();
      cluster.awaitReady();
      back = Instant.now();
    }
    patiently("the sessions")
        .ignoreExceptions()
        .until(() ->
            victim.isRunning()
                && victim.pod().isReady()
                && neighbor.isRunning()
                && arrivals.stream()
                    .allMatch(arrival ->
                        arrival.get().status().phase() == Phase.RUNNING
                            && arrival.child(ResourceType.POD).orElseThrow().isReady()));
    Duration time = Duration.between(back, Instant.now());
    arrivals.forEach(SessionFixture::delete);
    return time;
  }

  /**
   * The leaders lose their Leases, so they end and start again. So does the controller manager of a
   * cluster with several; without its restart it would report the nodes as NotReady.
   */
  @Test
  @Order(9)
  @InChaosOnly
  void desktopsContinueWhileTheApiServerIsAwayForLongerThanALease() {
    DesktopCredentials ofVictim = victim.credentials();
    DesktopCredentials ofNeighbor = neighbor.credentials();
    cluster.controllerManager().kill();
    cluster.apiServer().kill();
    Instant back;
    try {
      await("the pages while the API server is away")
          .during(Duration.ofSeconds(30))
          .atMost(Duration.ofSeconds(40))
          .until(() -> victim.page(ofVictim) == 200 && neighbor.page(ofNeighbor) == 200);
    } finally {
      cluster.apiServer().restart();
      cluster.awaitReady();
      cluster.controllerManager().restart();
      back = Instant.now();
    }
    SessionFixture next = desktop("default", "after-outage").session();
    patiently("the webhook")
        .until(() ->
            next.tryCreate("template: faults-remote, persistence: {enabled: false}")
                .ok()
                .isPresent());
    next.awaitPhase(Phase.RUNNING);
    report(
        "API server back after 30 s → next session Running",
        List.of(Duration.between(back, Instant.now())));
    next.delete();
    awaitServices();
    assertEquals(victimBefore, victim.identity());
    expectNeighborUnchanged();
  }

  @Test
  @Order(10)
  @InChaosOnly
  void anotherReplicaLeadsAfterTheLeaderIsKilled() {
    List<Duration> times = new ArrayList<>();
    for (int run = 0; run < RUNS; run++) {
      Lease lease =
          node.api()
              .get(ResourceType.LEASE, OperatorNode.NAMESPACE, "vdi-controller")
              .orElseThrow();
      String pod = lease.spec().holderIdentity().replaceAll("_.*", "");
      cluster.killContainer(containerOf(OperatorNode.NAMESPACE, pod));
      Instant killed = Instant.now();
      SessionFixture next = desktop("default", "next-" + run).session();
      next.create("template: faults-remote, persistence: {enabled: false}");
      next.awaitPhase(Phase.RUNNING);
      times.add(Duration.between(killed, Instant.now()));
      next.delete();
    }
    report("controller's leader killed → next session Running", times);
    assertEquals(victimBefore, victim.identity());
    expectNeighborUnchanged();
    awaitServices();
  }

  @Test
  @Order(11)
  @InChaosOnly
  void aDesktopThatFillsItsHomeContinuesAndStartsAgain() {
    full.exec("head -c 100M /dev/zero > ~/fill || true");
    assertThat(full.exec("echo more > ~/more || echo full")).contains("full");
    full.awaitPage();
    LiveDesktop.Identity before = full.identity();
    node.kubectl("delete", "pod", "-n", SMALL_DISKS, "full", "--wait=false");
    expectReplaced(full, before, 1);
    full.exec("rm ~/fill");
    assertEquals(victimBefore, victim.identity());
    expectNeighborUnchanged();
  }

  /** The kubelet measures every 10 s. */
  @Test
  @Order(12)
  void aDesktopThatTheNodeEvictsBecauseItFillsTheDiskIsCreatedAgain() {
    LiveDesktop.Identity before = full.identity();
    full.exec("head -c 60M /dev/zero > /tmp/fill");
    expectReplaced(full, before, 1);
    assertThat(full.session().eventsInNamespace().toString()).contains("PodReplaced", "Evicted");
    assertThat(full.exec("ls /tmp")).doesNotContain("fill");
    assertEquals(victimBefore, victim.identity());
    expectNeighborUnchanged();
  }

  /** The GPU's device plugin registers after the kubelet has checked the victim's pod. */
  @Test
  @Order(13)
  @InChaosOnly
  void allSessionsReturnAfterACrashOfTheNode() {
    DesktopCredentials credentials = victim.credentials();
    cluster.killKubelet();
    cluster.killContainerd();
    cluster.killAllContainers();
    patiently("the end").until(() -> victim.page(credentials) != 200);
    cluster.restartContainerd();
    cluster.restartKubelet();
    Instant back = Instant.now();
    victim.awaitPage();
    report("node back after a crash → page again", List.of(Duration.between(back, Instant.now())));
    try (Browser browser = startBrowser()) {
      showPicture(browser, victim.credentials());
      report(
          "node back after a crash → picture again in Chromium",
          List.of(Duration.between(back, Instant.now())));
    }
    for (LiveDesktop desktop : List.of(victim, neighbor, full)) {
      desktop.awaitPage();
      expectMarker(desktop);
      System.out.println("node crashed: " + summary(desktop) + " " + desktop.identity());
    }
    awaitServices();
  }

  private static String smallHomes() {
    return cluster.folder().resolve("small-homes").toString();
  }

  /** A session whose home has 8 MiB, and whose container may write 32 MiB. */
  private static LiveDesktop desktopWithSmallDisks() {
    String homes = smallHomes();
    cluster.commandOnNode("mkdir", homes);
    cluster.commandOnNode("mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", homes);
    node.apply(
        """
        {apiVersion: v1, kind: Namespace, metadata: {name: %1$s}}
        ---
        {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: small},
         provisioner: kubernetes.io/no-provisioner, volumeBindingMode: WaitForFirstConsumer}
        ---
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: small}
        spec:
          storageClassName: small
          capacity: {storage: 10Gi}
          accessModes: [ReadWriteOnce]
          local: {path: %2$s}
          nodeAffinity:
            required:
              nodeSelectorTerms:
                - matchExpressions:
                    - {key: kubernetes.io/hostname, operator: In, values: [%3$s]}
        """
            .formatted(SMALL_DISKS, homes, ContainerNode.NAME));
    node.template(
        "faults-small",
        "resources: {defaultCPU: 300m, defaultMemory: 1Gi, defaultGPU: 0, ephemeralStorage: 32Mi}");
    LiveDesktop desktop = desktop(SMALL_DISKS, "full");
    desktop.session().create("template: faults-small, persistence: {storageClassName: small}");
    return desktop;
  }

  // The oracle.

  /** The session runs in another pod with the same home, and its status counts the pods. */
  private static void expectReplaced(
      LiveDesktop desktop, LiveDesktop.Identity before, int replaced) {
    desktop.awaitOtherPod(before.podUid());
    desktop.awaitPage();
    expectMarker(desktop);
    LiveDesktop.Identity after = desktop.identity();
    assertEquals(before.sessionUid(), after.sessionUid());
    assertEquals(before.restarts() + replaced, after.restarts());
    assertThat(desktop.session().get().status().message()).isEmpty();
  }

  private void expectNeighborUnchanged() {
    assertEquals(neighborBefore, neighbor.identity());
    expectMarker(neighbor);
  }

  private static void writeMarker(LiveDesktop desktop) {
    desktop.exec("echo kept > ~/marker && sync");
  }

  /** Tries again: after a restart the kubelet needs a moment to connect to containerd. */
  private static void expectMarker(LiveDesktop desktop) {
    patiently("the marker of " + desktop.session().name())
        .ignoreException(ClusterException.class)
        .until(() -> desktop.exec("cat ~/marker").strip().equals("kept"));
  }

  private static void awaitServices() {
    for (String service : List.of("controller", "admission-webhook", "reaper")) {
      node.kubectl(
          "rollout",
          "status",
          "deployment/vdi-" + service,
          "-n",
          OperatorNode.NAMESPACE,
          "--timeout=90s");
    }
  }

  private static String containerOf(String namespace, String pod) {
    JsonObject found =
        node.api().request("GET", ResourceType.POD.path(namespace, pod), null).orElseThrow();
    return found
        .getAsJsonObject("status")
        .getAsJsonArray("containerStatuses")
        .get(0)
        .getAsJsonObject()
        .get("containerID")
        .getAsString()
        .replace("containerd://", "");
  }

  private static String summary(LiveDesktop desktop) {
    VdiSession.Status status = desktop.session().get().status();
    return desktop.session().name() + " " + status.phase() + ": " + status.message();
  }

  private static void report(String what, List<Duration> times) {
    List<Duration> sorted = times.stream().sorted().toList();
    System.out.printf(
        "recovery: %s: median %.1f s, worst %.1f s, n = %d%n",
        what,
        sorted.get(sorted.size() / 2).toMillis() / 1000.0,
        sorted.getLast().toMillis() / 1000.0,
        sorted.size());
  }

  private static ConditionFactory patiently(String what) {
    return await(what).atMost(SharedNode.PATIENCE).pollInterval(POLL);
  }
}
