package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.e2e.browser.Browser;
import io.vdi.operator.e2e.browser.PageClient;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The real Selkies reports the last input of the real Chromium. */
abstract class InputTests {
  private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(20);
  private static final Duration SUSPENSION = Duration.ofMinutes(3);

  private static OperatorNode node;
  private static PageClient pages;

  @BeforeAll
  static void start() {
    node = SharedNode.get();
    node.template(
        "attended",
        "idleOn: NoInput\n" + "  resources: {defaultCPU: 300m, defaultMemory: 1Gi, defaultGPU: 0}");
    pages = new PageClient(node.cluster().address(), node.routerCertificate());
  }

  @AfterAll
  static void end() {
    if (node != null) {
      node.kubectl("delete", "vdi", "input", "film", "--ignore-not-found", "--timeout=90s");
      node.kubectl("delete", "vdit", "attended");
    }
  }

  private static LiveDesktop desktop(String name, String idleTimeout) {
    LiveDesktop desktop = LiveDesktop.of(node, pages, "default", name);
    desktop
        .session()
        .create(
            "template: attended, idleTimeout: %s, persistence: {enabled: false}"
                .formatted(idleTimeout));
    desktop.awaitPage();
    return desktop;
  }

  @Test
  @DisplayName("only input that Selkies accepts counts, on both transports")
  void messages() throws IOException {
    LiveDesktop desktop = desktop("input", "1h");
    assertThat(
            desktop.exec(
                "echo %s | base64 -d > /tmp/input_time.py && /opt/selkies/bin/python /tmp/input_time.py /usr/local/bin/start-selkies"
                    .formatted(resource("input_time.py"))))
        .contains("passed");
    node.kubectl("delete", "vdi", "input", "--timeout=90s");
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = InputTests.class.getResourceAsStream(name)) {
      return Base64.getEncoder().encodeToString(in.readAllBytes());
    }
  }

  @Test
  @DisplayName("an open tab with input stays, and is suspended without input")
  void openTab() {
    assumeTrue(Browser.provided(), "no browser");
    LiveDesktop desktop = desktop("film", IDLE_TIMEOUT.toSeconds() + "s");
    try (Browser browser = Browser.start(node.cluster().address(), node.routerCertificate())) {
      browser.open(desktop.address(), desktop.credentials());
      browser.awaitPicture(SharedNode.PATIENCE);
      Instant open = Instant.now();
      AtomicInteger moves = new AtomicInteger();
      await("input for longer than the idle timeout")
          .atMost(SUSPENSION)
          .pollInterval(Duration.ofSeconds(2))
          .until(() -> {
            browser.movePointer(300 + moves.incrementAndGet() % 50, 300);
            Instant input = desktop.session().get().status().lastActivityTime();
            return input != null
                && Duration.between(open, input).compareTo(IDLE_TIMEOUT.multipliedBy(2)) > 0;
          });
      assertThat(desktop.session().get().spec().suspended()).as("with input").isFalse();
      assertThat(desktop.session().countEvents("SessionSuspended")).isZero();
      AtomicBoolean connected = new AtomicBoolean();
      await("the suspension without input")
          .atMost(SUSPENSION)
          .pollInterval(Duration.ofSeconds(1))
          .until(() -> {
            if (desktop.session().get().spec().suspended()) {
              return true;
            }
            connected.set(
                desktop
                    .pod()
                    .metadata()
                    .annotation(Annotations.DO_NOT_DISRUPT)
                    .filter("true"::equals)
                    .isPresent());
            return false;
          });
      assertThat(connected).as("connected until then").isTrue();
      desktop.session().awaitEvent("SessionExpiring");
      assertThat(desktop.session().countEvents("ActivityUnknown")).isZero();
    }
  }
}
