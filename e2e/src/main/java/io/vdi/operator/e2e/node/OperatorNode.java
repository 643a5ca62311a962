package io.vdi.operator.e2e.node;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.operator.SingleSignOn;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.FileTree;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A cluster with one node that runs containers, and the operator installed on it by Helm, as users
 * have it. Sessions are in the namespace default. The node has one simulated GPU.
 */
public final class OperatorNode implements AutoCloseable {
  /** The operator's namespace. */
  public static final String NAMESPACE = "vdi-system";

  /** Schedules a pod to the node that runs containers, and not to a simulated one. */
  private static final String NODE_SELECTOR = "nodeSelector: {kubernetes.io/hostname: node-1}";

  private final Path checkout;
  private final EmbeddedCluster cluster;
  private final KubeClient api;
  private final Helm helm;
  private Optional<SingleSignOn> signOn = Optional.empty();
  private boolean gate;
  private List<String> values = List.of();

  private OperatorNode(Path checkout, EmbeddedCluster cluster) {
    this.checkout = checkout;
    this.cluster = cluster;
    this.api = cluster.connect();
    this.helm = Helm.of(cluster, cluster.folder().resolve("helm"));
  }

  /**
   * Starts the cluster in a temporary folder, without the operator; see {@link #install}.
   *
   * @param checkout the root of the checkout; its images are in images/target
   * @param simulated further nodes, labelled {@code vdi.devcluster/simulated}; may be none
   * @throws ClusterException if the cluster does not start
   */
  public static OperatorNode start(Path checkout, SimulatedNodes.Spec simulated) {
    Path root = checkout.toAbsolutePath().normalize();
    Path folder = FileTree.temporary("vdi-node-");
    return new OperatorNode(
        root, FullCluster.start(folder, root.resolve("images/target"), 1, simulated));
  }

  public Path checkout() {
    return checkout;
  }

  public EmbeddedCluster cluster() {
    return cluster;
  }

  public KubeClient api() {
    return api;
  }

  public Helm helm() {
    return helm;
  }

  /** The certificate that the router presents for the hosts of sessions. */
  public Path routerCertificate() {
    return RouterAddon.certificate(cluster.folder());
  }

  /**
   * Starts Keycloak, if it does not run, and installs the gate with the operator.
   *
   * @param values of the chart, each as {@code key=value}
   */
  public SingleSignOn installWithGate(String... values) {
    SingleSignOn started = signOn.orElseGet(() -> SingleSignOn.start(cluster, NAMESPACE));
    signOn = Optional.of(started);
    gate = true;
    install(values);
    return started;
  }

  /** Installs the operator with the chart's values, unless {@link #install} did so last. */
  public void requireDefaults() {
    if (gate || !values.isEmpty()) {
      installWithoutGate();
    }
  }

  /** Installs the operator without the gate from now on. Keycloak continues. */
  public void installWithoutGate(String... values) {
    gate = false;
    install(values);
  }

  /**
   * Installs or upgrades the operator; returns when all its pods are ready and the API server calls
   * the webhook.
   *
   * @param values of the chart, each as {@code key=value}
   */
  public void install(String... values) {
    this.values = List.of(values);
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--set=config.tls.mode=routerDefault",
                // Pods on simulated nodes run nothing.
                "--set=nodeSelector.kubernetes\\.io/hostname=node-1"));
    signOn.filter(started -> gate).ifPresent(started -> flags.add("--values=" + started.values()));
    for (String value : values) {
      flags.addAll(List.of("--set", value));
    }
    helm.install(checkout.resolve("charts/vdi-operator"), NAMESPACE, flags.toArray(String[]::new));
    ChartInstaller.awaitAdmission(cluster);
  }

  /**
   * Runs kubectl as an administrator; returns its output.
   *
   * @throws ClusterException with kubectl's error message, if it fails
   */
  public String kubectl(String... arguments) {
    List<String> command = new ArrayList<>(List.of(cluster.kubectl().toString()));
    command.addAll(List.of(arguments));
    return Command.run(command, Map.of("KUBECONFIG", cluster.kubeconfig().toString()));
  }

  public void apply(String yaml) {
    Manifests.apply(api, yaml);
  }

  /**
   * Creates or changes a template of real desktops.
   *
   * @param more further fields of its spec, as YAML indented by two spaces
   */
  public void template(String name, String more) {
    apply(
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: %s}
        spec:
          image: "%s"
          healthPath: /api/health
          %s
          %s
        """
            .formatted(name, FullCluster.DESKTOP, NODE_SELECTOR, more));
  }

  public JsonObject session(String name) {
    return api.request("GET", ResourceType.SESSION.path("default", name), null).orElseThrow();
  }

  /** The phase in the session's status; empty if it has none yet. */
  public String phase(String name) {
    JsonObject status = session(name).getAsJsonObject("status");
    return status == null || !status.has("phase") ? "" : status.get("phase").getAsString();
  }

  public DesktopCredentials credentials(String session) {
    return SessionCredentials.read(api, "default", session);
  }

  public void suspend(String name, boolean suspended) {
    kubectl(
        "patch",
        "vdi",
        name,
        "--type=merge",
        "--patch={\"spec\":{\"suspended\":" + suspended + "}}");
  }

  @Override
  public void close() {
    api.close();
    cluster.close();
  }
}
