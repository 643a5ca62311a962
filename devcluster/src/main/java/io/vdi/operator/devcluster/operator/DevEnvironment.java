package io.vdi.operator.devcluster.operator;

import io.vdi.operator.devcluster.Main;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.ExitWithParent;
import io.vdi.operator.devcluster.process.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The cluster with the operator that belongs to a checkout: {@code .devcluster} holds its state.
 */
public final class DevEnvironment {
  static final String NAMESPACE = "vdi-system";

  private static final SimulatedNodes.Spec NODES = new SimulatedNodes.Spec(2, 8, 110);
  private static final SimulatedNodes.Spec NO_NODES = new SimulatedNodes.Spec(0, 0, 0);
  private static final int GPUS = 8;
  private static final Pattern SERVER = Pattern.compile("server: \"?https://([0-9.]+):");

  /** What the chart is installed with on a node of our own. */
  private static final String VALUES =
      """
      # Values to play with: change them and run helm upgrade.
      config:
        domain: vdi.example.com
        tls: {mode: routerDefault}
        quota: {user: {gpus: 2}}
      """;

  private static final Duration START = Duration.ofMinutes(15);

  private final Path checkout;
  private final Path folder;

  public DevEnvironment(Path checkout) {
    this.checkout = checkout;
    this.folder = checkout.resolve(".devcluster");
  }

  /** Of an admin. */
  public Path kubeconfig() {
    return folder.resolve("cluster/kubeconfig");
  }

  /** The kubectl of the same version. */
  public Path kubectl() {
    return GoPrograms.inDefaultCache().kubernetes().resolve("kubectl");
  }

  /** Whose it is. */
  public Path checkout() {
    return checkout;
  }

  /** Builds the programs of the cluster, so that later steps find them. */
  public void build() {
    if (onNode()) {
      FullCluster.build();
      return;
    }
    GoPrograms programs = GoPrograms.inDefaultCache();
    programs.kubernetes();
    programs.kwok();
    programs.helm();
    programs.traefikCrds();
  }

  /** Whether cluster and operator run. */
  public boolean isUp() {
    return supervisor().isPresent() && Files.exists(readyFile());
  }

  /** Cluster and operator in the background. */
  public void up() {
    if (isUp()) {
      Progress.say("is up already");
    } else {
      build();
      Process process = launch(false);
      follow(process);
    }
    System.out.println("export KUBECONFIG=" + kubeconfig());
    System.out.println("# kubectl of the same version: " + kubectl());
  }

  /** The same for as long as this process lives. */
  public Process upForNow() {
    build();
    Process process = launch(true);
    follow(process);
    return process;
  }

  public void down() {
    Optional<ProcessHandle> supervisor = supervisor();
    if (supervisor.isEmpty()) {
      Progress.say("nothing is up");
      return;
    }
    supervisor.get().destroy();
    Progress.await(
        () -> "cluster and operator to stop",
        Duration.ofSeconds(40),
        () -> !supervisor.get().isAlive());
    Progress.say("stopped");
  }

  /** Whether containers run here: where they can, and their images were made. */
  public boolean onNode() {
    return Files.exists(images().resolve("desktop.tar"))
        && EmbeddedCluster.unsupportedReason().isEmpty();
  }

  /** Why containers do not run here. */
  public String why() {
    return EmbeddedCluster.unsupportedReason().orElse("the images are not made; see make images");
  }

  /** Where the node's ports are, those of its router among them. */
  public String address() {
    try {
      Matcher server = SERVER.matcher(Files.readString(kubeconfig()));
      if (server.find()) {
        return server.group(1);
      }
    } catch (IOException e) {
      throw new ClusterException("cannot read " + kubeconfig(), e);
    }
    throw new ClusterException("no server in " + kubeconfig());
  }

  /** What the router on the node shows. */
  public Path routerCertificate() {
    return FullCluster.routerCertificate(folder.resolve("cluster"));
  }

  /** The supervisor: runs cluster and operator until it is told to end. */
  public void serve() {
    GoPrograms.deleteTree(folder.resolve("cluster"));
    List<ChildProcess> processes = onNode() ? serveOnNode() : serveBesideSimulatedNodes();
    write(readyFile(), "");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> GoPrograms.deleteTree(readyFile())));
    CompletableFuture.anyOf(
            processes.stream().map(ChildProcess::onExit).toArray(CompletableFuture<?>[]::new))
        .join();
    processes.forEach(ChildProcess::requireAlive);
  }

  /** The chart, installed by Helm. */
  private List<ChildProcess> serveOnNode() {
    EmbeddedCluster cluster =
        FullCluster.start(folder.resolve("cluster"), images(), GPUS, NO_NODES);
    Path values = folder.resolve("values.yaml");
    if (!Files.exists(values)) {
      write(values, VALUES);
    }
    Progress.say("helm install vdi-operator charts/vdi-operator -f " + values);
    Helm.of(cluster, folder.resolve("helm")).install(chart(), NAMESPACE, "--values=" + values);
    cluster.awaitAdmission();
    Progress.say("the operator is up: kubectl get pods -n " + NAMESPACE);
    return List.of(cluster.apiServer());
  }

  private List<ChildProcess> serveBesideSimulatedNodes() {
    EmbeddedCluster cluster = EmbeddedCluster.start(folder.resolve("cluster"), NODES);
    Progress.say("Kubernetes " + GoPrograms.KUBERNETES + " is up, with simulated GPU nodes");
    cluster.installTraefikCrds();
    cluster.install(chart(), NAMESPACE, OperatorService.CONTROLLER.account());
    List<OperatorProcess> services =
        Stream.of(controller(cluster), webhook(cluster), reaper(cluster))
            .parallel()
            .map(OperatorProcess::startWithAotCache)
            .toList();
    services.forEach(OperatorProcess::awaitReady);
    cluster.awaitAdmission();
    Progress.say("the operator is up; logs in " + folder.resolve("logs"));
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

  /** The admission webhook, and the API server told to ask it. */
  private OperatorProcess.Launch webhook(EmbeddedCluster cluster) {
    OperatorService service = OperatorService.ADMISSION_WEBHOOK;
    int port = OperatorProcess.freePorts(1).getFirst();
    Map<String, String> settings = new HashMap<>(OperatorService.webhookAt(port));
    settings.put("VDI_CONFIG_FILE", config(service, "quota: {user: {gpus: 2}}"));
    OperatorProcess.Launch launch = launch(cluster, service, settings);
    cluster.installWebhook(chart(), NAMESPACE, service.account(), "https://127.0.0.1:" + port);
    return launch;
  }

  private OperatorProcess.Launch reaper(EmbeddedCluster cluster) {
    OperatorService service = OperatorService.REAPER;
    cluster.installReaper(chart(), NAMESPACE, service.account());
    return launch(
        cluster, service, Map.of("VDI_CONFIG_FILE", config(service, "sweepInterval: 5m")));
  }

  private OperatorProcess.Launch launch(
      EmbeddedCluster cluster, OperatorService service, Map<String, String> settings) {
    return service.launch(
        checkout,
        NAMESPACE,
        cluster.serviceAccountKubeconfig(
            NAMESPACE,
            service.account(),
            cluster.folder().resolve(service.module() + ".kubeconfig")),
        folder.resolve("logs"),
        service.module(),
        settings,
        OperatorProcess.JVM_FLAGS);
  }

  /** A file of settings to play with; one that is there already stays. */
  private String config(OperatorService service, String settings) {
    Path file = folder.resolve(service.module() + ".yaml");
    if (!Files.exists(file)) {
      write(
          file,
          "# Settings of the service; changes are taken up within seconds.\n" + settings + "\n");
    }
    return file.toString();
  }

  private Path images() {
    return checkout.resolve("images/target");
  }

  private Path chart() {
    return checkout.resolve("charts/vdi-operator");
  }

  private Process launch(boolean tied) {
    write(folder.resolve("supervisor.log"), "");
    GoPrograms.deleteTree(readyFile());
    List<String> command = new ArrayList<>();
    if (!tied) {
      // A session of its own: the terminal's Ctrl-C is not meant for it.
      command.add("setsid");
    }
    command.add(OperatorProcess.java().toString());
    command.addAll(
        List.of("-XX:+UseSerialGC", "-Xmx256m", "-cp", System.getProperty("java.class.path")));
    if (tied) {
      command.add(ExitWithParent.class.getName());
    }
    command.addAll(List.of(Main.class.getName(), "serve"));
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(checkout.toFile())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("supervisor.log").toFile());
      if (!tied) {
        builder.redirectInput(Path.of("/dev/null").toFile());
      }
      Process process = builder.start();
      write(folder.resolve("supervisor.pid"), String.valueOf(process.pid()));
      return process;
    } catch (IOException e) {
      throw new ClusterException("cannot start the supervisor: " + e.getMessage(), e);
    }
  }

  /** Shows what the supervisor says until it is ready. */
  private void follow(Process process) {
    try (BufferedReader log = Files.newBufferedReader(folder.resolve("supervisor.log"))) {
      Progress.await(
          () -> "cluster and operator",
          START,
          () -> {
            boolean ready = Files.exists(readyFile());
            boolean alive = process.isAlive();
            show(log);
            if (!alive && !ready) {
              throw new ClusterException("the cluster did not come up; see above");
            }
            return ready;
          });
    } catch (IOException e) {
      throw new ClusterException("cannot read the supervisor's log", e);
    }
  }

  private static void show(BufferedReader log) {
    try {
      for (String line = log.readLine(); line != null; line = log.readLine()) {
        System.err.println(line);
      }
    } catch (IOException e) {
      throw new ClusterException("cannot read the supervisor's log", e);
    }
  }

  /** Its process, if it is ours: a number alone may be somebody else's by now. */
  private Optional<ProcessHandle> supervisor() {
    try {
      long pid = Long.parseLong(Files.readString(folder.resolve("supervisor.pid")).strip());
      return ProcessHandle.of(pid)
          .filter(ProcessHandle::isAlive)
          .filter(handle -> commandLine(pid).contains(Main.class.getName()));
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Not from ProcessHandle, which gives up on long ones. */
  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc", String.valueOf(pid), "cmdline"));
    } catch (IOException e) {
      return "";
    }
  }

  private Path readyFile() {
    return folder.resolve("ready");
  }

  private void write(Path file, String content) {
    try {
      Files.createDirectories(folder);
      Files.writeString(file, content);
    } catch (IOException e) {
      throw new ClusterException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
