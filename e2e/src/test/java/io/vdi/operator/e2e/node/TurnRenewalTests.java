package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.e2e.browser.PageClient;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A desktop that runs longer than its TURN credentials gives browsers the renewed ones. */
abstract class TurnRenewalTests {
  /** The kubelet updates the files of a mounted Secret in about a minute. */
  private static final Duration UPDATE = Duration.ofMinutes(3);

  private static OperatorNode node;
  private static PageClient pages;
  private static LiveDesktop desktop;

  @BeforeAll
  static void start() {
    node = SharedNode.get();
    node.template(
        "renewal",
        "transport: webrtc\n  resources: {defaultCPU: 200m, defaultMemory: 1Gi, defaultGPU: 0}");
    pages = new PageClient(node.cluster().address(), node.routerCertificate());
    desktop = LiveDesktop.of(node, pages, "default", "renewal");
    desktop.session().create("template: renewal, persistence: {enabled: false}");
  }

  @AfterAll
  static void end() {
    if (node != null) {
      node.kubectl("delete", "vdi", "renewal", "--wait", "--timeout=90s");
      node.kubectl("delete", "vdit", "renewal");
    }
  }

  @Test
  void browsersGetTheRenewedCredentials() {
    desktop.awaitPage();
    LiveDesktop.Identity before = desktop.identity();
    String issued =
        node.kubectl(
            "get",
            "secret",
            "vdi-auth-renewal",
            "-o",
            "go-template={{index .data \"turn-username\" | base64decode}}");
    awaitServed(issued.strip());
    node.kubectl(
        "patch",
        "secret",
        "vdi-auth-renewal",
        "--type=merge",
        "--patch={\"stringData\": {\"turn-username\": \"4102444800:renewed\", \"turn-password\":"
            + " \"cmVuZXdlZA==\"}}");
    awaitServed("4102444800:renewed");
    awaitServed("cmVuZXdlZA==");
    assertThat(desktop.identity()).isEqualTo(before);
  }

  /** What the page of Selkies requests before it opens a WebRTC connection. */
  private static void awaitServed(String text) {
    URI turn = URI.create("https://renewal." + FullCluster.DOMAIN + "/api/turn");
    await(text)
        .atMost(UPDATE)
        .pollInterval(Duration.ofSeconds(1))
        .until(() ->
            pages
                .text(turn, desktop.credentials())
                .filter(config -> config.contains("\"" + text + "\""))
                .isPresent());
  }
}
