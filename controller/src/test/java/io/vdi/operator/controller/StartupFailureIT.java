package io.vdi.operator.controller;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.runtime.RequiredPermissions;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What stands in the log when the controller is started wrongly: a sentence, never a stack trace.
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
  void aKubeconfigThatIsNotThere() {
    assertEndsWith(start(folder.resolve("nowhere"), Map.of()), "which is not a readable file");
  }

  @Test
  void aKubeconfigThatIsNone() throws IOException {
    Path file = Files.writeString(folder.resolve("bad"), "not: [a kubeconfig");
    assertEndsWith(start(file, Map.of()), "cannot be used");
  }

  @Test
  void anApiServerThatDoesNotAnswerIsSaidOnceAndTriedAgain() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("dead"),
            """
            {apiVersion: v1, kind: Config, current-context: c,
             contexts: [{name: c, context: {cluster: c, user: u}}],
             clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}], users: [{name: u, user: {}}]}
            """);
    try (OperatorProcess operator = start(file, Map.of())) {
      await()
          .atMost(LONG)
          .until(() -> operator.process().output().contains("the API server cannot be reached"));
      await().pollDelay(Duration.ofSeconds(5)).atMost(LONG).until(() -> true);
      assertEquals(1, count(operator, "the API server cannot be reached"));
      assertEquals(503, operator.status("/observe/health/ready"));
      assertEquals(2, operator.status("/observe/health/live") / 100);
      assertNoStackTrace(operator);
    }
  }

  @Test
  void aPortThatIsTaken() throws IOException {
    try (ServerSocket taken = new ServerSocket(0)) {
      assertEndsWith(
          start(
              cluster.kubeconfig(),
              Map.of("VDI_SERVER_PORT", String.valueOf(taken.getLocalPort()))),
          "server.port " + taken.getLocalPort() + " on 127.0.0.1 cannot be had");
    }
  }

  @Test
  void aSettingThatIsNotLegal() {
    assertEndsWith(
        start(cluster.kubeconfig(), Map.of("VDI_WORKERS", "many", "VDI_TLS_MODE", "plain")),
        "workers \\\"many\\\" must be a whole number from 1 to 1024");
  }

  @Test
  void rightsThatAreMissingAreNamedOnceEach() {
    cluster.install(
        RunningController.CHART, RunningController.NAMESPACE, RunningController.SERVICE_ACCOUNT);
    Path powerless =
        cluster.serviceAccountKubeconfig(namespace, "powerless", folder.resolve("powerless"));
    try (OperatorProcess operator =
        start(powerless, Map.of("VDI_LEADER_ELECTION_NAMESPACE", namespace))) {
      await()
          .atMost(LONG)
          .until(() ->
              count(operator, "RBAC: this service may not create leases.coordination.k8s.io") == 1
                  && count(operator, "may not list vdisessions.vdi.kasm.io") >= 1);
      await().pollDelay(Duration.ofSeconds(5)).atMost(LONG).until(() -> true);
      assertEquals(1, count(operator, "RBAC: this service may not list pods:"));
      assertEquals(1, count(operator, "RBAC: this service may not create secrets:"));
      assertEquals(1, count(operator, "watching pods: 403"));
      assertEquals(503, operator.status("/observe/health/ready"));
      assertTrue(operator.page("/observe/health/ready").contains("403"));
      assertNoStackTrace(operator);
    }
  }

  @Test
  void withItsRoleNoRightIsMissing() throws Exception {
    cluster.install(
        RunningController.CHART, RunningController.NAMESPACE, RunningController.SERVICE_ACCOUNT);
    KubeClient own = Cluster.connect(RunningController.kubeconfig(cluster));
    assertEquals(
        List.of(),
        RequiredPermissions.missing(
            own, RequiredPermissions.of("controller", RunningController.NAMESPACE)));
    own.close();
    assertFalse(api.serves(ResourceType.SESSION).ok().isEmpty());
  }

  private OperatorProcess start(Path kubeconfig, Map<String, String> settings) {
    return OperatorProcess.start(
        OperatorProcess.Launch.of(
            Path.of("target"),
            Main.class.getName(),
            kubeconfig,
            folder,
            "controller",
            settings,
            OperatorProcess.JVM_FLAGS));
  }

  private static void assertEndsWith(OperatorProcess operator, String words) {
    await().atMost(LONG).until(() -> !operator.process().isAlive());
    assertEquals(2, operator.process().exitStatus());
    assertTrue(operator.process().output().contains(words), operator.process().output());
    assertNoStackTrace(operator);
  }

  private static void assertNoStackTrace(OperatorProcess operator) {
    String output = operator.process().output();
    assertFalse(output.contains("\tat ") || output.contains("stepArray"), output);
  }

  private static int count(OperatorProcess operator, String words) {
    return (int)
        Pattern.compile(Pattern.quote(words))
            .matcher(operator.process().output())
            .results()
            .count();
  }
}
