package io.vdi.operator.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The three services run some sessions with the configuration that the chart renders. Then they
 * expose every metric that the alerts and the dashboard use.
 */
@ExtendWith(ClusterExtension.class)
class MonitoringIT {
  private static final Path CHART = ChartTemplates.CHART;
  private static final String OPERATOR = ChartTemplates.NAMESPACE;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String USAGE_QUOTA =
      "/api/v1/namespaces/" + OPERATOR + "/resourcequotas/no-usage";
  private static final Pattern METRIC = Pattern.compile("vdi_[a-z_]+");

  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;

  @TempDir Path folder;

  MonitoringIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
  }

  @Test
  void everyMetricOfAlertsAndDashboardIsExposed() throws IOException {
    new ChartInstaller(cluster, CHART, OPERATOR).installController();
    RouterAddon.installCrds(cluster);
    new ChartInstaller(cluster, CHART, OPERATOR).installReaper();
    refuseUsage();
    int port = LoopbackPorts.free(1).getFirst();
    new ChartInstaller(cluster, CHART, OPERATOR).installWebhook("https://127.0.0.1:" + port);
    try (RunningService controller = start(OperatorService.CONTROLLER, Map.of());
        RunningService webhook =
            start(OperatorService.ADMISSION_WEBHOOK, OperatorService.webhookAt(port));
        RunningService reaper = start(OperatorService.REAPER, Map.of())) {
      List<RunningService> services = List.of(controller, webhook, reaper);
      services.forEach(RunningService::awaitReady);
      ChartInstaller.awaitAdmission(cluster);
      createSessions();
      Set<String> used =
          new TreeSet<>(metrics(Files.readString(CHART.resolve("files/rules.yaml"))));
      used.addAll(metrics(Files.readString(CHART.resolve("files/dashboard.json"))));
      assertThat(used).hasSizeGreaterThan(20);
      Supplier<Set<String>> missing =
          () -> {
            Set<String> exposed =
                services.stream()
                    .flatMap(service -> service.page("/observe/metrics").lines())
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.replaceAll("[{ ].*", ""))
                    .collect(Collectors.toSet());
            return used.stream().filter(m -> !exposed.contains(m)).collect(Collectors.toSet());
          };
      await("all metrics")
          .atMost(PATIENCE)
          .untilAsserted(() -> assertEquals(Set.of(), missing.get()));
    } finally {
      api.request("DELETE", USAGE_QUOTA, null);
      ChartInstaller.uninstallWebhook(api);
    }
  }

  /** The API server rejects intervals of use from now on. */
  private void refuseUsage() {
    Manifests.apply(
        api,
        "{apiVersion: v1, kind: ResourceQuota, metadata: {name: no-usage, namespace: %s}, spec: {hard: {count/vdiusages.vdi.kasm.io: 0}}}"
            .formatted(OPERATOR));
    await("the quota to apply")
        .atMost(PATIENCE)
        .until(() ->
            api.request("GET", USAGE_QUOTA, null)
                .orElseThrow()
                .getAsJsonObject("status")
                .has("hard"));
  }

  /** A session that runs, one that expires, and one whose pod the API server rejects. */
  private void createSessions() {
    Manifests.apply(
        api,
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: monitored}
        spec: {image: x, persistence: {storageClassName: kwok-volume}}
        ---
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: rejected}
        spec: {image: x, nodeSelector: {"not a label!": x}}
        """);
    session("running", "template: monitored");
    session("brief", "template: monitored, timeout: 1s");
    session("impossible", "template: rejected");
    await("a session to run")
        .atMost(PATIENCE)
        .until(() ->
            api.get(ResourceType.SESSION, namespace, "running")
                .ok()
                .flatMap(s -> s.status().currentPhase())
                .filter(phase -> phase == Phase.RUNNING)
                .isPresent());
    await("a session to expire")
        .atMost(PATIENCE)
        .until(() -> api.get(ResourceType.SESSION, namespace, "brief").isNotFound());
  }

  private void session(String name, String spec) {
    JsonObject session =
        Manifests.parse(
                "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDISession, metadata: {name: %s}, spec: {user: m@example.com, %s}}"
                    .formatted(name, spec))
            .getFirst();
    api.create(ResourceType.SESSION, namespace, session).orElseThrow();
  }

  private RunningService start(OperatorService service, Map<String, String> settings) {
    String config =
        ChartTemplates.render("configmap.yaml", "config.quota.user.gpus=5")
            .getFirst()
            .getAsJsonObject("data")
            .get(service.module() + ".yaml")
            .getAsString();
    return RunningService.InProcess.start(cluster, service, folder, config, settings);
  }

  private static Set<String> metrics(String text) {
    Matcher matcher = METRIC.matcher(text);
    Set<String> names = new TreeSet<>();
    while (matcher.find()) {
      names.add(matcher.group());
    }
    return names;
  }
}
