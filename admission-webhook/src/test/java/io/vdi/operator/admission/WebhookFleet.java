package io.vdi.operator.admission;

import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import io.vdi.operator.devcluster.testing.TcpBalancer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Replicas of the packaged webhook, each a process, behind one address for the API server. */
final class WebhookFleet implements AutoCloseable {
  static final String NAMESPACE = "vdi-system";
  static final String ACCOUNT = "vdi-admission-webhook";
  static final Path CHART = Path.of("../charts/vdi-operator");

  private final Cluster cluster;
  private final Path folder;
  private final Path kubeconfig;
  private final Path config;
  private final Map<String, String> environment;
  private final List<Integer> ports;
  private final List<RunningService.InProcess> replicas = new ArrayList<>();
  private final TcpBalancer balancer;

  /**
   * @param config the content of the mounted file
   */
  WebhookFleet(Cluster cluster, int count, String config, Map<String, String> environment) {
    try {
      // Below target: the logs remain for the analysis of a failure, until make clean.
      Path fleets = Files.createDirectories(Path.of("target/fleets"));
      this.folder = Files.createTempDirectory(fleets.toAbsolutePath(), "fleet-");
      this.config = Files.writeString(folder.resolve("config.yaml"), config);
    } catch (IOException e) {
      throw new ClusterException("cannot make a temporary folder", e);
    }
    this.cluster = cluster;
    this.environment = environment;
    this.ports = LoopbackPorts.free(count);
    this.balancer = new TcpBalancer(ports);
    new ChartInstaller(cluster, CHART, NAMESPACE).installController();
    delete("secrets/vdi-admission-webhook-tls");
    delete("configmaps/vdi-quota-reservations");
    this.kubeconfig =
        cluster.serviceAccountKubeconfig(NAMESPACE, ACCOUNT, folder.resolve("kubeconfig"));
    new ChartInstaller(cluster, CHART, NAMESPACE).installWebhook(url());
    for (int i = 0; i < count; i++) {
      replicas.add(launch(i));
    }
    replicas.forEach(RunningService.InProcess::awaitReady);
    awaitTrust();
  }

  /**
   * Waits until the API server trusts the replicas. It learns their CA some time after they are
   * ready, and refuses every session and template until then.
   */
  private void awaitTrust() {
    KubeClient api = cluster.connect();
    awaitAnswer(api, ResourceType.TEMPLATE.path(""), "VDITemplate", "{image: a}");
    awaitAnswer(
        api, ResourceType.SESSION.path("default"), "VDISession", "{user: a@b.c, template: a}");
    api.close();
  }

  private static void awaitAnswer(KubeClient api, String path, String kind, String spec) {
    JsonObject object =
        Manifests.parse(
                "{apiVersion: vdi.kasm.io/v1alpha1, kind: %s, metadata: {name: probe}, spec: %s}"
                    .formatted(kind, spec))
            .getFirst();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> api.request("POST", path + "?dryRun=All", object).failure(),
            failure ->
                failure
                    .filter(refused -> refused.message().contains("failed calling webhook"))
                    .isEmpty());
  }

  /** The port of one replica. */
  int port(int i) {
    return ports.get(i);
  }

  String url() {
    return "https://127.0.0.1:" + balancer.port();
  }

  RunningService.InProcess replica(int i) {
    return replicas.get(i);
  }

  static void createTemplate(KubeClient api, String name) {
    Manifests.apply(
        api,
        "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: %s}, spec: {image: desktop}}"
            .formatted(name));
  }

  /** Deletes what the replicas of an earlier test have left. */
  private void delete(String object) {
    KubeClient api = cluster.connect();
    api.request("DELETE", "/api/v1/namespaces/" + NAMESPACE + "/" + object, null);
    api.close();
  }

  /** Changes the mounted file, as a change of the ConfigMap does. */
  void configure(String content) {
    try {
      Files.writeString(config, content);
    } catch (IOException e) {
      throw new ClusterException("cannot write " + config, e);
    }
  }

  /** Kills a replica, with its requests in flight. */
  void kill(int i) {
    replicas.get(i).process().kill();
  }

  void restart(int i) {
    replicas.set(i, launch(i));
    replicas.get(i).awaitReady();
  }

  /** Replaces a replica by one with a wrong clock. */
  SkewedReplica skew(int i, Duration offset) {
    replicas.get(i).close();
    Map<String, String> settings = settings(i);
    settings.put("vdiConfig_NAMESPACE", NAMESPACE);
    settings.put("vdiConfig_SERVER_HOST", "127.0.0.1");
    settings.put("vdiConfig_SERVER_PORT", "0");
    settings.remove("VDI_CONFIG_FILE");
    SkewedReplica replica = new SkewedReplica(kubeconfig, config, settings, offset);
    await().atMost(Duration.ofSeconds(20)).until(replica::isReady);
    return replica;
  }

  private Map<String, String> settings(int i) {
    Map<String, String> settings = new HashMap<>();
    settings.put("VDI_CONFIG_FILE", config.toString());
    // A fleet ends before the second compiler would pay, and other tests need the CPU.
    settings.put("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");
    settings.putAll(OperatorService.webhookAt(ports.get(i)));
    settings.putAll(environment);
    return settings;
  }

  private RunningService.InProcess launch(int i) {
    return new ServiceUnderTest(OperatorService.ADMISSION_WEBHOOK, AdmissionWebhook.SERVICE)
        .withSettings(settings(i))
        .startProcess(kubeconfig, folder, "webhook-" + i);
  }

  @Override
  public void close() {
    KubeClient api = cluster.connect();
    // Otherwise later tests could not change any session.
    ChartInstaller.uninstallWebhook(api);
    api.close();
    replicas.forEach(RunningService.InProcess::close);
    balancer.close();
  }
}
