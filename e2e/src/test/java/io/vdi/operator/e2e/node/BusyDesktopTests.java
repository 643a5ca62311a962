package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.e2e.browser.PageClient;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The real kubelet reports the CPU usage of real desktops to which no client is connected. */
abstract class BusyDesktopTests {
  /** The services reload a changed ConfigMap in about 20 seconds; the idle timeout is 30. */
  private static final Duration SUSPENSION = Duration.ofMinutes(5);

  private static OperatorNode node;
  private static LiveDesktop busy;
  private static LiveDesktop asleep;

  @BeforeAll
  static void start() {
    node = SharedNode.get();
    node.template(
        "work",
        "idleTimeout: 30s\n  busy: {cpuAbove: 200m}\n"
            + "  resources: {defaultCPU: 300m, defaultMemory: 1Gi, defaultGPU: 0}");
    PageClient pages = new PageClient(node.cluster().address(), node.routerCertificate());
    busy = LiveDesktop.of(node, pages, "default", "busy");
    asleep = LiveDesktop.of(node, pages, "default", "asleep");
    busy.session().create("template: work, persistence: {enabled: false}");
    asleep.session().create("template: work, persistence: {enabled: false}");
  }

  @AfterAll
  static void end() {
    if (node != null) {
      node.kubectl("delete", "vdi", "busy", "asleep", "--wait", "--timeout=90s");
      node.kubectl("delete", "vdit", "work");
    }
  }

  @Test
  void aBusyLoopKeepsADesktopAndASleepDoesNot() {
    busy.awaitPage();
    String loop = inBackground(busy, "while :; do :; done");
    asleep.awaitPage();
    inBackground(asleep, "exec sleep 3600");
    awaitSuspension(asleep);
    assertThat(busy.session().get().spec().suspended()).isFalse();
    await("the protection of the node while a desktop is busy")
        .atMost(SUSPENSION)
        .until(() -> busy.pod().metadata().annotation(Annotations.DO_NOT_DISRUPT).isPresent());
    busy.exec("kill " + loop);
    awaitSuspension(busy);
  }

  /** Starts a command that outlives the exec; returns its process ID. */
  private static String inBackground(LiveDesktop desktop, String command) {
    return desktop
        .exec("setsid sh -c '" + command + "' </dev/null >/dev/null 2>&1 & echo $!")
        .strip();
  }

  private static void awaitSuspension(LiveDesktop desktop) {
    await("the suspension of " + desktop.session().name())
        .atMost(SUSPENSION)
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> desktop.session().get().spec().suspended());
  }
}
