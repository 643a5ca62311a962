package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.NetworkPolicyAddon;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.testing.ChaosBudget;
import io.vdi.operator.e2e.browser.PageClient;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * What a real desktop reaches on a node whose network enforces NetworkPolicies, by real packets.
 * The router listens on all addresses of the node, so that it answers for the addresses of a
 * metadata service and of the internet, which are added to the node.
 */
@Order(5)
class NetworkIT {
  private static final String METADATA_SERVICE = "169.254.169.254";
  private static final String INTERNET = "203.0.113.7";

  private static final int CREATES = 200;

  /** 300 threads that connect to the webhook for 15 s; a dropped packet costs a thread 0.2 s. */
  private static final String FLOOD =
      """
      import socket, threading, time
      end = time.time() + 15
      results = []
      def flood():
          attempts = connected = 0
          while time.time() < end:
              s = socket.socket()
              s.settimeout(0.2)
              connected += s.connect_ex(('WEBHOOK', 8443)) == 0
              attempts += 1
              s.close()
          results.append((attempts, connected))
      threads = [threading.Thread(target=flood) for _ in range(300)]
      [t.start() for t in threads]
      [t.join() for t in threads]
      print(sum(r[0] for r in results), 'attempts,', sum(r[1] for r in results), 'connected')
      """;

  /** Connects to all addresses, and prints the error of each; 0 is none. */
  private static final String CONNECT =
      """
      import concurrent.futures, socket
      def connect(address):
          s = socket.socket()
          s.settimeout(2)
          return s.connect_ex(address)
      with concurrent.futures.ThreadPoolExecutor() as pool:
          print(*pool.map(connect, [ADDRESSES]), sep='\\n')
      """;

  private static OperatorNode node;
  private static LiveDesktop desktop;
  private static LiveDesktop other;
  private static NetworkPolicyAddon network;

  @BeforeAll
  static void start() {
    node = SharedNode.get();
    for (String address : new String[] {METADATA_SERVICE, INTERNET}) {
      node.cluster().commandOnNode("ip", "address", "add", address + "/32", "dev", "lo");
    }
    node.template("network", "resources: {defaultCPU: 200m, defaultMemory: 1Gi, defaultGPU: 0}");
    PageClient pages = new PageClient(node.cluster().address(), node.routerCertificate());
    desktop = LiveDesktop.of(node, pages, "default", "network-a");
    other = LiveDesktop.of(node, pages, "default", "network-b");
    for (LiveDesktop each : new LiveDesktop[] {desktop, other}) {
      each.session().create("template: network, persistence: {enabled: false}");
    }
  }

  @AfterAll
  static void end() {
    if (network != null) {
      network.close();
    }
    if (node != null) {
      node.kubectl("delete", "vdi", "network-a", "network-b", "--wait", "--timeout=90s");
      node.kubectl("delete", "vdit", "network");
      node.kubectl("delete", "pod", "reaper", "-n", OperatorNode.NAMESPACE, "--ignore-not-found");
      node.kubectl("delete", "pod", "stranger", "--ignore-not-found");
      for (String address : new String[] {METADATA_SERVICE, INTERNET}) {
        node.cluster().commandOnNode("ip", "address", "delete", address + "/32", "dev", "lo");
      }
    }
  }

  @Test
  void aDesktopReachesTheInternetAndNothingInTheCluster() throws InterruptedException {
    node.install("config.network.mode=none", "networkPolicies.enabled=false");
    desktop.awaitPage();
    other.awaitPage();
    network = NetworkPolicyAddon.start(node.cluster());
    await("no policy").atMost(SharedNode.PATIENCE).until(() -> !hasPolicy());
    Map<String, Boolean> withoutPolicy = new LinkedHashMap<>();
    targets().keySet().forEach(target -> withoutPolicy.put(target, true));
    await("open network")
        .atMost(SharedNode.PATIENCE)
        .untilAsserted(() -> assertThat(reached()).isEqualTo(withoutPolicy));

    // The services reach the API server on the port of its endpoint.
    String port =
        node.kubectl("get", "endpointslices", "kubernetes", "-o", "jsonpath={.ports[0].port}");
    node.install("networkPolicies.apiServerPorts={443,%s}".formatted(port.strip()));
    await("policy").atMost(SharedNode.PATIENCE).until(NetworkIT::hasPolicy);
    Map<String, Boolean> withPolicy = new LinkedHashMap<>(withoutPolicy);
    withPolicy.replaceAll((target, open) -> target.equals("internet"));
    await("closed network")
        .atMost(SharedNode.PATIENCE)
        .untilAsserted(() -> assertThat(reached()).isEqualTo(withPolicy));

    // The router still shows the desktop; the reaper reaches it, and no other pod does.
    assertThat(desktop.page()).isEqualTo(200);
    pod(OperatorNode.NAMESPACE, "reaper", "app.kubernetes.io/component: reaper");
    pod("default", "stranger", "app: stranger");
    Target page = new Target(desktop.pod().status().podIp(), 8080);
    assertThat(connects(OperatorNode.NAMESPACE, "reaper", page)).isTrue();
    assertThat(connects("default", "stranger", page)).isFalse();
    if (ChaosBudget.COMPLETE) {
      expectThatAFloodFromTheDesktopReachesNothing();
    }
  }

  /**
   * Prints how long creates through the webhook take, for docs/benchmarks.md. Not in make test: its
   * load disturbs the tests that follow.
   */
  private static void expectThatAFloodFromTheDesktopReachesNothing() {
    createLatencies();
    List<Duration> before = createLatencies();
    desktop.exec(
        "nohup python3 -c \"%s\" > /tmp/flood 2>&1 &"
            .formatted(FLOOD.replace("WEBHOOK", address("admission-webhook"))));
    List<Duration> during = createLatencies();
    await("the end of the flood")
        .atMost(SharedNode.PATIENCE)
        .until(() -> desktop.exec("cat /tmp/flood").contains("connected"));
    String result = desktop.exec("cat /tmp/flood").strip();
    System.out.printf(
        "flood from a desktop: %s; create p50 / p99 %s before, %s during, n = %d%n",
        result, quantiles(before), quantiles(during), CREATES);
    assertThat(result).endsWith(" attempts, 0 connected");
  }

  private static String quantiles(List<Duration> times) {
    return "%d / %d ms"
        .formatted(
            times.get(times.size() / 2).toMillis(), times.get(times.size() * 99 / 100).toMillis());
  }

  /** Of creates as a dry run, in ascending order. */
  private static List<Duration> createLatencies() {
    return IntStream.range(0, CREATES)
        .mapToObj(i -> {
          JsonObject session =
              Manifests.parse(
                      "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDISession, metadata: {name: flood},"
                          + " spec: {user: flood@example.com, template: network}}")
                  .getFirst();
          Instant start = Instant.now();
          node.api()
              .request("POST", ResourceType.SESSION.path("default") + "?dryRun=All", session)
              .orElseThrow();
          return Duration.between(start, Instant.now());
        })
        .sorted()
        .toList();
  }

  private static boolean hasPolicy() {
    return node.api()
        .request("GET", ResourceType.NETWORK_POLICY.path("default", "vdi-network"), null)
        .ok()
        .isPresent();
  }

  private record Target(String address, int port) {}

  private static Map<String, Target> targets() {
    Map<String, Target> targets = new LinkedHashMap<>();
    targets.put("another desktop", new Target(other.pod().status().podIp(), 8080));
    targets.put("admission webhook", new Target(address("admission-webhook"), 8443));
    targets.put("metrics of the reaper", new Target(address("reaper"), 8081));
    targets.put("API server", new Target(serviceAddress(), 443));
    targets.put("node", new Target(node.cluster().address(), 443));
    targets.put("metadata service", new Target(METADATA_SERVICE, 443));
    targets.put("internet", new Target(INTERNET, 443));
    return targets;
  }

  private static Map<String, Boolean> reached() {
    Map<String, Target> targets = targets();
    Iterator<Boolean> connected =
        connects("default", "network-a", List.copyOf(targets.values())).iterator();
    Map<String, Boolean> reached = new LinkedHashMap<>();
    targets.keySet().forEach(name -> reached.put(name, connected.next()));
    return reached;
  }

  /** Whether TCP connections from inside the pod are accepted, all at the same time. */
  private static List<Boolean> connects(String namespace, String pod, List<Target> targets) {
    String addresses =
        targets.stream()
            .map(target -> "('%s', %d)".formatted(target.address(), target.port()))
            .collect(Collectors.joining(", "));
    return node.kubectl(
            "exec",
            "-n",
            namespace,
            pod,
            "--",
            "python3",
            "-c",
            CONNECT.replace("ADDRESSES", addresses))
        .lines()
        .map(code -> code.equals("0"))
        .toList();
  }

  private static boolean connects(String namespace, String pod, Target target) {
    return connects(namespace, pod, List.of(target)).getFirst();
  }

  private static String address(String component) {
    return node.kubectl(
            "get",
            "pods",
            "-n",
            OperatorNode.NAMESPACE,
            "--selector=" + Labels.NAME + "=vdi-operator,app.kubernetes.io/component=" + component,
            "--field-selector=status.phase=Running",
            "-o",
            "jsonpath={.items[0].status.podIP}")
        .strip();
  }

  private static String serviceAddress() {
    JsonObject service =
        node.api()
            .request("GET", ResourceType.SERVICE.path("default", "kubernetes"), null)
            .orElseThrow();
    return service.getAsJsonObject("spec").get("clusterIP").getAsString();
  }

  /** A pod that waits, from the image of the desktops. */
  private static void pod(String namespace, String name, String label) {
    node.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: %s, namespace: %s, labels: {%s}}
        spec:
          nodeSelector: {kubernetes.io/hostname: node-1}
          terminationGracePeriodSeconds: 0
          securityContext: {seccompProfile: {type: RuntimeDefault}, runAsNonRoot: true, runAsUser: 1000}
          containers:
            - name: wait
              image: "%s"
              imagePullPolicy: Never
              command: [sleep, "600"]
              securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        """
            .formatted(name, namespace, label, FullCluster.DESKTOP));
    node.kubectl("wait", "-n", namespace, "pod/" + name, "--for=condition=Ready", "--timeout=60s");
  }
}
