package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.runtime.RequiredPermissions;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The controller with a wrong configuration: it logs one sentence that names the error, and never a
 * stack trace.
 */
@ExtendWith(ClusterExtension.class)
class StartupFailureIT {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;

  @TempDir Path folder;

  StartupFailureIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
  }

  @Test
  void kubeconfigDoesNotExist() {
    assertExits(start(folder.resolve("nowhere"), Map.of()), "which is not a readable file");
  }

  @Test
  void kubeconfigIsInvalid() throws IOException {
    Path file = Files.writeString(folder.resolve("bad"), "not: [a kubeconfig");
    assertExits(start(file, Map.of()), "cannot be used");
  }

  @Test
  void unreachableApiServerIsLoggedOnceAndRetried() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("dead"),
            """
            {apiVersion: v1, kind: Config, current-context: c,
             contexts: [{name: c, context: {cluster: c, user: u}}],
             clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}], users: [{name: u, user: {}}]}
            """);
    try (RunningService.InProcess controller = start(file, Map.of())) {
      await()
          .atMost(LONG)
          .untilAsserted(
              () -> assertThat(log(controller)).contains("the API server cannot be reached"));
      await()
          .during(Duration.ofSeconds(5))
          .atMost(LONG)
          .untilAsserted(() ->
              assertThat(log(controller)).containsOnlyOnce("the API server cannot be reached"));
      assertThat(controller.status("/observe/health/ready")).isEqualTo(503);
      assertThat(controller.status("/observe/health/live")).isBetween(200, 299);
      assertNoStackTrace(controller);
    }
  }

  @Test
  void portIsInUse() throws IOException {
    try (ServerSocket taken = new ServerSocket(0)) {
      assertExits(
          start(
              cluster.kubeconfig(),
              Map.of("vdiConfig_SERVER_PORT", String.valueOf(taken.getLocalPort()))),
          "server.port " + taken.getLocalPort() + " on 127.0.0.1 is unavailable");
    }
  }

  @Test
  void settingIsInvalid() {
    assertExits(
        start(
            cluster.kubeconfig(),
            Map.of("vdiConfig_WORKERS", "many", "vdiConfig_TLS_MODE", "plain")),
        "workers \\\"many\\\" must be a whole number from 1 to 1024");
  }

  @Test
  void missingPermissionsAreLoggedOnceEach() {
    TestController.install(cluster);
    Path powerless =
        cluster.serviceAccountKubeconfig(namespace, "powerless", folder.resolve("powerless"));
    try (RunningService.InProcess controller =
        start(powerless, Map.of("vdiConfig_LEADER_ELECTION_NAMESPACE", namespace))) {
      await()
          .atMost(LONG)
          .untilAsserted(() ->
              assertThat(log(controller))
                  .containsOnlyOnce("RBAC: this service may not create leases.coordination.k8s.io")
                  .contains("may not list vdisessions.vdi.kasm.io"));
      await()
          .during(Duration.ofSeconds(5))
          .atMost(LONG)
          .untilAsserted(() ->
              assertThat(log(controller))
                  .containsOnlyOnce("RBAC: this service may not list pods:")
                  .containsOnlyOnce("RBAC: this service may not create secrets:")
                  .containsOnlyOnce("watching pods: 403"));
      assertThat(controller.status("/observe/health/ready")).isEqualTo(503);
      assertThat(controller.page("/observe/health/ready")).contains("403");
      assertNoStackTrace(controller);
    }
  }

  @Test
  void noPermissionIsMissingWithTheChartsRoles() throws Exception {
    TestController.install(cluster);
    KubeClient own = Cluster.connect(CONTROLLER.kubeconfig(cluster));
    assertThat(
            RequiredPermissions.missing(
                own,
                RequiredPermissions.of(
                    "controller", OperatorService.NAMESPACE, WatchedNamespaces.ALL)))
        .isEmpty();
    own.close();
    assertThat(api.serves(ResourceType.SESSION).ok()).isPresent();
  }

  private RunningService.InProcess start(Path kubeconfig, Map<String, String> settings) {
    return RunningService.InProcess.start(
        OperatorProcess.Launch.of(
            Path.of("target"),
            Main.class.getName(),
            kubeconfig,
            folder,
            "controller",
            settings,
            OperatorService.CONTROLLER.jvmFlags()));
  }

  private static void assertExits(RunningService.InProcess controller, String message) {
    await().atMost(LONG).until(() -> !controller.process().isAlive());
    assertThat(controller.process().exitStatus()).isEqualTo(2);
    assertThat(log(controller)).contains(message);
    assertNoStackTrace(controller);
  }

  private static void assertNoStackTrace(RunningService.InProcess controller) {
    assertThat(log(controller)).doesNotContain("\tat ", "stepArray");
  }

  private static String log(RunningService.InProcess controller) {
    return controller.process().output();
  }
}
