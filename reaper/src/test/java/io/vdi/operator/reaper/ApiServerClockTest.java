package io.vdi.operator.reaper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Any HTTP server tells its time as the API server does. */
class ApiServerClockTest {
  private static final Duration BOUND = Duration.ofSeconds(2);

  private final HttpServer server;
  private final KubeClient api;

  ApiServerClockTest(@TempDir Path folder)
      throws IOException, KubeClientFactory.ClusterUnavailableException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/version",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    Path kubeconfig =
        Files.writeString(
            folder.resolve("kubeconfig"),
            """
            {apiVersion: v1, kind: Config, current-context: t,
             clusters: [{name: t, cluster: {server: "http://127.0.0.1:%d"}}],
             users: [{name: t, user: {token: t}}], contexts: [{name: t, context: {cluster: t, user: t}}]}
            """
                .formatted(server.getAddress().getPort()));
    api = KubeClientFactory.fromKubeconfig(kubeconfig, UnaryOperator.identity());
  }

  @AfterEach
  void stop() {
    api.close();
    server.stop(0);
  }

  @Test
  void aClockThatIsRightIsLeftAlone() {
    assertEquals(Duration.ZERO, measured(Duration.ZERO).offset());
  }

  @Test
  void aWrongClockIsSetRightToWithinTwoSeconds() {
    for (int skew : new int[] {-3600, -60, -10, 10, 60, 3600}) {
      ApiServerClock clock = measured(Duration.ofSeconds(skew));
      Duration error = Duration.between(Instant.now(), clock.instant()).abs();
      assertTrue(error.compareTo(BOUND) <= 0, skew + " s wrong leaves " + error);
    }
  }

  @Test
  void withoutAnAnswerWhatIsKnownStays() {
    ApiServerClock clock = measured(Duration.ofSeconds(60));
    Duration known = clock.offset();
    server.stop(0);
    clock.measure(api);
    assertEquals(known, clock.offset());
  }

  private ApiServerClock measured(Duration skew) {
    ApiServerClock clock = new ApiServerClock(InstantSource.offset(InstantSource.system(), skew));
    clock.measure(api);
    return clock;
  }
}
