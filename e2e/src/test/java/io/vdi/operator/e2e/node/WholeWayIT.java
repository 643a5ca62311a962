package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.e2e.browser.Browser;
import io.vdi.operator.e2e.browser.PageClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A user's way from helm install to a desktop in a browser, on a real kubelet. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Order(65)
class WholeWayIT {
  private static final URI PAGE = URI.create("https://alice.vdi.example.com/");

  private static OperatorNode node;

  @BeforeAll
  static void install() {
    node = SharedNode.withDefaults();
  }

  @Test
  @Order(1)
  void helmTestSucceeds() {
    String answer =
        node.helm()
            .run("test", "vdi-operator", "--namespace=" + OperatorNode.NAMESPACE, "--timeout=2m");
    assertThat(answer).contains("Succeeded");
  }

  @Test
  @Order(2)
  void helmTestFailsWithoutTheValidatingWebhook() {
    JsonObject kept =
        node.api()
            .request(
                "GET",
                "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/vdi-operator",
                null)
            .orElseThrow();
    node.kubectl("delete", "validatingwebhookconfiguration", "vdi-operator");
    try {
      assertThrows(
          ClusterException.class,
          () ->
              node.helm()
                  .run(
                      "test",
                      "vdi-operator",
                      "--namespace=" + OperatorNode.NAMESPACE,
                      "--timeout=1m"));
      assertThat(node.kubectl("logs", "-n", OperatorNode.NAMESPACE, "vdi-helm-test"))
          .contains("FAILED: the admission webhook refuses one");
    } finally {
      kept.getAsJsonObject("metadata").remove("resourceVersion");
      node.api()
          .request(
              "POST", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", kept)
          .orElseThrow();
      ChartInstaller.awaitAdmission(node.cluster());
    }
  }

  @Test
  @Order(3)
  void theServicesRunFromTheirAotCachesOnAReadOnlyRoot() {
    for (String service : List.of("controller", "admission-webhook", "reaper")) {
      // With AOTMode=on the JVM exits if the cache is for other jars or another JVM.
      execIn(service, "/opt/java/bin/java", "@/app/jvm.options", "-XX:AOTMode=on", "-version");
      ClusterException e = assertThrows(ClusterException.class, () -> execIn(service, "/bin/sh"));
      assertThat(e).hasMessageContaining("no such file");
    }
  }

  private static void execIn(String service, String... command) {
    List<String> arguments =
        new ArrayList<>(
            List.of("exec", "-n", OperatorNode.NAMESPACE, "deploy/vdi-" + service, "--"));
    arguments.addAll(List.of(command));
    node.kubectl(arguments.toArray(String[]::new));
  }

  @Test
  @Order(4)
  void aBrowserShowsTheDesktopToAUserWithThePassword(@TempDir Path folder) throws IOException {
    assumeTrue(Browser.provided(), "no browser");
    node.template("small", "resources: {defaultCPU: '1', defaultMemory: 2Gi, defaultGPU: 1}");
    node.apply(
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDISession
        metadata: {name: alice-desktop}
        spec: {user: alice@example.com, template: small}
        """);
    awaitPhase("Running");
    DesktopCredentials credentials = node.credentials("alice-desktop");
    PageClient pages = new PageClient(node.cluster().address(), node.routerCertificate());
    // Traefik reads a change of the endpoints up to two seconds after the controller.
    await("the router to know the pod")
        .atMost(SharedNode.PATIENCE)
        .until(() -> pages.status(PAGE, Optional.empty()), status -> status != 503);
    assertEquals(401, pages.status(PAGE, Optional.empty()));
    assertEquals(
        401, pages.status(PAGE, Optional.of(new DesktopCredentials(credentials.user(), "guess"))));
    assertEquals(200, pages.status(PAGE, Optional.of(credentials)));
    assertEquals(404, pages.status(URI.create("https://bob.vdi.example.com/"), Optional.empty()));
    try (Browser browser = Browser.start(node.cluster().address(), node.routerCertificate())) {
      browser.open(PAGE, credentials);
      browser.awaitPicture(SharedNode.PATIENCE);
      assertThat(Files.size(browser.save(folder.resolve("desktop.png")))).isGreaterThan(10_000);
    }
  }

  @Test
  @Order(5)
  void aFileInTheHomeSurvivesSuspension() {
    // The volume's folder belongs to root with mode 0700; the kubelet opens it to the fsGroup.
    assertEquals("1000", exec("id -u").strip());
    exec("echo kept > ~/note");
    node.suspend("alice-desktop", true);
    awaitPhase("Suspended");
    node.suspend("alice-desktop", false);
    awaitPhase("Running");
    assertEquals("kept", exec("cat ~/note").strip());
  }

  private static String exec(String command) {
    return node.kubectl("exec", "alice-desktop", "--", "sh", "-c", command);
  }

  @Test
  @Order(6)
  void theHomeIsDeletedWithItsSession() {
    node.kubectl("delete", "vdi", "alice-desktop", "--wait", "--timeout=60s");
    await("the home to be deleted")
        .atMost(SharedNode.PATIENCE)
        .until(() -> node.kubectl("get", "pvc", "-o", "name").isBlank());
  }

  private static void awaitPhase(String phase) {
    await(phase).atMost(SharedNode.PATIENCE).until(() -> node.phase("alice-desktop").equals(phase));
  }
}
