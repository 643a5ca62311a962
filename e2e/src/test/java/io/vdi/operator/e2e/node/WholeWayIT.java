package io.vdi.operator.e2e.node;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.e2e.browser.Account;
import io.vdi.operator.e2e.browser.Browser;
import io.vdi.operator.e2e.browser.Visitor;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** From helm install to a desktop in a browser, on a real kubelet. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class WholeWayIT {
  private static final URI PAGE = URI.create("https://alice.vdi.example.com/");

  private static Node node;

  @BeforeAll
  static void install() throws IOException {
    node = Node.shared();
  }

  @Test
  @Order(1)
  void helmTestSaysThatTheInstallationWorks() {
    String answer =
        node.helm().run("test", "vdi-operator", "--namespace=" + Node.NAMESPACE, "--timeout=2m");
    assertTrue(answer.contains("Succeeded"), answer);
  }

  @Test
  @Order(2)
  void helmTestFailsWhereTheWebhookIsNotAsked() {
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
                  .run("test", "vdi-operator", "--namespace=" + Node.NAMESPACE, "--timeout=1m"));
      assertTrue(
          node.kubectl("logs", "-n", Node.NAMESPACE, "vdi-helm-test")
              .contains("FAILED: the admission webhook refuses one"));
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
    for (String service : new String[] {"controller", "admission-webhook", "reaper"}) {
      // What is refused here ends the JVM: the cache is one for exactly these jars and this JVM.
      node.kubectl(
          "exec",
          "-n",
          Node.NAMESPACE,
          "deploy/vdi-" + service,
          "--",
          "/opt/java/bin/java",
          "@/app/jvm.options",
          "-XX:AOTMode=on",
          "-version");
      ClusterException e =
          assertThrows(
              ClusterException.class,
              () ->
                  node.kubectl(
                      "exec", "-n", Node.NAMESPACE, "deploy/vdi-" + service, "--", "/bin/sh"));
      assertTrue(e.getMessage().contains("no such file"), e.getMessage());
    }
  }

  @Test
  @Order(4)
  void aDesktopIsSeenInABrowserByWhoKnowsThePassword(@TempDir Path folder) throws IOException {
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
    Account account = Account.of(node.api(), "default", "alice-desktop");
    Visitor visitor = new Visitor(node.cluster().address(), node.routerCertificate());
    assertEquals(401, visitor.status(PAGE, Optional.empty()));
    assertEquals(401, visitor.status(PAGE, Optional.of(new Account(account.user(), "guess"))));
    assertEquals(200, visitor.status(PAGE, Optional.of(account)));
    assertEquals(404, visitor.status(URI.create("https://bob.vdi.example.com/"), Optional.empty()));
    try (Browser browser = Browser.start(node.cluster().address(), node.routerCertificate())) {
      browser.open(PAGE, account);
      browser.awaitPicture(Node.PATIENCE);
      assertTrue(Files.size(browser.save(folder.resolve("desktop.png"))) > 10_000);
    }
  }

  @Test
  @Order(5)
  void aFileInTheHomeOutlivesASuspension() {
    // The folder of the volume was made with mode 0700 for root: the kubelet lets the group in.
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
  void itEndsWithItsSession() {
    node.kubectl("delete", "vdi", "alice-desktop", "--wait", "--timeout=60s");
    await("the home to go")
        .atMost(Node.PATIENCE)
        .until(() -> node.kubectl("get", "pvc", "-o", "name").isBlank());
  }

  private static void awaitPhase(String phase) {
    await(phase).atMost(Node.PATIENCE).until(() -> node.phase("alice-desktop").equals(phase));
  }
}
