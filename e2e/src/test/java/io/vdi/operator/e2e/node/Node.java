package io.vdi.operator.e2e.node;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.images.Images;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The operator as users have it: installed by Helm on a node that runs containers. */
public final class Node {
  public static final String NAMESPACE = "vdi-system";
  public static final Duration PATIENCE = Duration.ofSeconds(90);

  public static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
  private static final String SESSIONS =
      "/apis/vdi.kasm.io/v1alpha1/namespaces/default/vdisessions/";

  private static Node shared;

  private final EmbeddedCluster cluster;
  private final KubeClient api;
  private final Helm helm;

  private Node(EmbeddedCluster cluster) {
    this.cluster = cluster;
    this.api = cluster.connect();
    this.helm = Helm.of(cluster, cluster.folder().resolve("helm"));
  }

  /**
   * The one of all tests in this JVM, with the operator in a namespace for restricted pods only;
   * ends with the JVM. Skips the test, and says why, where containers cannot run.
   */
  public static synchronized Node shared() throws IOException {
    if (shared == null) {
      shared = start();
      shared.apply(
          """
          apiVersion: v1
          kind: Namespace
          metadata:
            name: %s
            labels: {pod-security.kubernetes.io/enforce: restricted}
          """
              .formatted(NAMESPACE));
      shared.install();
    }
    return shared;
  }

  private static Node start() throws IOException {
    Optional<String> lacking = EmbeddedCluster.unsupportedReason();
    assumeTrue(lacking.isEmpty(), () -> "no node that runs containers: " + lacking.orElseThrow());
    Images images = Images.of(CHECKOUT);
    Images.ALL.forEach(images::provide);
    Images.OF_NODE.forEach(images::provide);
    return new Node(
        FullCluster.start(
            Files.createTempDirectory("vdi-node-"),
            CHECKOUT.resolve("images/target"),
            1,
            new SimulatedNodes.Spec(1, 2000, 2000)));
  }

  public EmbeddedCluster cluster() {
    return cluster;
  }

  public KubeClient api() {
    return api;
  }

  public Path routerCertificate() {
    return RouterAddon.certificate(cluster.folder());
  }

  /** Installs or upgrades, and waits for all pods. */
  public void install(String... values) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--set=config.tls.mode=routerDefault",
                // Simulated nodes would only say that they run the operator.
                "--set=nodeSelector.kubernetes\\.io/hostname=node-1"));
    for (String value : values) {
      arguments.addAll(List.of("--set", value));
    }
    helm.install(
        CHECKOUT.resolve("charts/vdi-operator"), NAMESPACE, arguments.toArray(String[]::new));
    ChartInstaller.awaitAdmission(cluster);
  }

  public Helm helm() {
    return helm;
  }

  public String kubectl(String... arguments) {
    List<String> command = new ArrayList<>(List.of(cluster.kubectl().toString()));
    command.addAll(List.of(arguments));
    return Command.run(command, Map.of("KUBECONFIG", cluster.kubeconfig().toString()));
  }

  public void apply(String yaml) {
    Manifests.apply(api, yaml);
  }

  /** As an administrator would for small desktops. */
  public void template(String name, String more) {
    apply(
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: %s}
        spec:
          image: "%s"
          healthPath: /api/health
          nodeSelector: {kubernetes.io/hostname: node-1}
          %s
        """
            .formatted(name, FullCluster.DESKTOP, more));
  }

  public JsonObject session(String name) {
    return api.request("GET", SESSIONS + name, null).orElseThrow();
  }

  public String phase(String name) {
    JsonObject status = session(name).getAsJsonObject("status");
    return status == null || !status.has("phase") ? "" : status.get("phase").getAsString();
  }

  public void suspend(String name, boolean suspended) {
    kubectl(
        "patch",
        "vdi",
        name,
        "--type=merge",
        "--patch={\"spec\":{\"suspended\":" + suspended + "}}");
  }
}
