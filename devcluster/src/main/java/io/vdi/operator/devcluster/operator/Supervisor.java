package io.vdi.operator.devcluster.operator;

import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.process.PrivateFile;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The program behind {@code make up}: runs the cluster and the operator until it is stopped or one
 * of them exits. {@link SupervisorProcess} starts it.
 */
public final class Supervisor {
  private static final SimulatedNodes.Spec NODES = new SimulatedNodes.Spec(2, 8, 110);
  private static final SimulatedNodes.Spec NO_NODES = new SimulatedNodes.Spec(0, 0, 0);
  private static final int GPUS = 8;

  /** The first content of the file with the chart's values, which users may change. */
  private static final String VALUES =
      """
      # Values of the chart. Change them and run helm upgrade.
      config:
        domain: %s
        tls: {mode: routerDefault}
        quota: {user: {gpus: 2}}
      """
          .formatted(FullCluster.DOMAIN);

  private final Checkout checkout;

  private Supervisor(Checkout checkout) {
    this.checkout = checkout;
  }

  /** Runs in the directory of the checkout. */
  public static void main(String[] args) {
    try {
      new Supervisor(new Checkout(Path.of("").toAbsolutePath())).run();
    } catch (ClusterException e) {
      System.err.println("✗ " + e.getMessage());
      System.exit(1);
    }
  }

  private void run() {
    FileTree.delete(checkout.cluster());
    List<ChildProcess> processes =
        checkout.noContainersReason().isEmpty() ? startWithNode() : startWithSimulatedNodes();
    create(checkout.readyFile(), "");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> FileTree.delete(checkout.readyFile())));
    CompletableFuture.anyOf(
            processes.stream().map(ChildProcess::onExit).toArray(CompletableFuture<?>[]::new))
        .join();
    processes.forEach(ChildProcess::requireAlive);
  }

  /** With a node that runs containers: Helm installs the chart. */
  private List<ChildProcess> startWithNode() {
    EmbeddedCluster cluster =
        FullCluster.start(checkout.cluster(), checkout.images(), GPUS, NO_NODES);
    List<Path> values = new ArrayList<>();
    values.add(create(checkout.state().resolve("values.yaml"), VALUES));
    Optional<SingleSignOn> signOn = signOn(cluster);
    signOn.map(SingleSignOn::values).ifPresent(values::add);
    Progress.say(
        "helm install vdi-operator charts/vdi-operator"
            + values.stream().map(file -> " -f " + file).collect(Collectors.joining()));
    Helm.of(cluster, checkout.state().resolve("helm"))
        .install(
            checkout.chart(),
            OperatorService.NAMESPACE,
            values.stream().map(file -> "--values=" + file).toArray(String[]::new));
    ChartInstaller.awaitAdmission(cluster);
    signOn.ifPresent(started -> announce(cluster, started));
    Progress.say("the operator is running: kubectl get pods -n " + OperatorService.NAMESPACE);
    return List.of(cluster.apiServer());
  }

  private static Optional<SingleSignOn> signOn(EmbeddedCluster cluster) {
    if (!SingleSignOn.hasMemory()) {
      Progress.say("less than 4 GiB of memory are available: no Keycloak and no gate");
      return Optional.empty();
    }
    Progress.say("starting Keycloak, which takes about 450 MiB of memory");
    return Optional.of(SingleSignOn.start(cluster, OperatorService.NAMESPACE));
  }

  /** Prints where users sign in, and stores their password where only this user can read it. */
  private void announce(EmbeddedCluster cluster, SingleSignOn signOn) {
    Path password = PrivateFile.write(checkout.passwordFile(), signOn.keycloak().password());
    Progress.say(
        "the portal is at "
            + SingleSignOn.PORTAL
            + " (map *."
            + FullCluster.DOMAIN
            + " to "
            + cluster.address()
            + " in the browser); alice, bob and carol sign in with the password of "
            + password);
  }

  /** With simulated nodes: the services are processes on this machine. */
  private List<ChildProcess> startWithSimulatedNodes() {
    EmbeddedCluster cluster = EmbeddedCluster.start(checkout.cluster(), NODES);
    Progress.say("Kubernetes " + GoPrograms.KUBERNETES + " is running, with simulated GPU nodes");
    RouterAddon.installCrds(cluster);
    ChartInstaller installer =
        new ChartInstaller(cluster, checkout.chart(), OperatorService.NAMESPACE);
    installer.installController();
    List<OperatorProcess> services =
        Stream.of(controller(cluster), webhook(cluster, installer), reaper(cluster, installer))
            .parallel()
            .map(AotCache::start)
            .toList();
    services.forEach(OperatorProcess::awaitReady);
    ChartInstaller.awaitAdmission(cluster);
    Progress.say("the operator is running; its logs are in " + logs());
    services.forEach(service ->
        Progress.say(
            "  "
                + service.process().name()
                + ": health and metrics at http://127.0.0.1:"
                + service.port()
                + "/observe"));
    return Stream.concat(
            services.stream().map(OperatorProcess::process), Stream.of(cluster.apiServer()))
        .toList();
  }

  private OperatorProcess.Launch controller(EmbeddedCluster cluster) {
    return launch(cluster, OperatorService.CONTROLLER, Map.of());
  }

  private OperatorProcess.Launch webhook(EmbeddedCluster cluster, ChartInstaller installer) {
    OperatorService service = OperatorService.ADMISSION_WEBHOOK;
    int port = LoopbackPorts.free(1).getFirst();
    installer.installWebhook("https://127.0.0.1:" + port);
    Map<String, String> settings = new HashMap<>(OperatorService.webhookAt(port));
    settings.put("VDI_CONFIG_FILE", configFile(service, "quota: {user: {gpus: 2}}"));
    return launch(cluster, service, settings);
  }

  private OperatorProcess.Launch reaper(EmbeddedCluster cluster, ChartInstaller installer) {
    OperatorService service = OperatorService.REAPER;
    installer.installReaper();
    return launch(
        cluster, service, Map.of("VDI_CONFIG_FILE", configFile(service, "sweepInterval: 5m")));
  }

  private OperatorProcess.Launch launch(
      EmbeddedCluster cluster, OperatorService service, Map<String, String> settings) {
    return service.launch(
        checkout.root(),
        OperatorService.NAMESPACE,
        cluster.serviceAccountKubeconfig(
            OperatorService.NAMESPACE,
            service.account(),
            cluster.folder().resolve(service.module() + ".kubeconfig")),
        logs(),
        service.module(),
        settings);
  }

  private Path logs() {
    return checkout.state().resolve("logs");
  }

  /** A settings file for users to change. */
  private String configFile(OperatorService service, String settings) {
    return create(
            checkout.state().resolve(service.module() + ".yaml"),
            "# Settings of the service. It applies changes within seconds.\n" + settings + "\n")
        .toString();
  }

  /** Creates a file; one that exists is kept. */
  private static Path create(Path file, String content) {
    try {
      return Files.exists(file) ? file : Files.writeString(file, content);
    } catch (IOException e) {
      throw new ClusterException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
