package io.vdi.operator.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.helidon.metrics.api.Gauge;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.helidon.metrics.api.Timer;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ObserveServerTest {
  private final AtomicReference<Optional<String>> ready =
      new AtomicReference<>(Optional.of("the caches are empty"));
  private final MeterRegistry meters = ObserveServer.meters();
  private ObserveServer endpoint;

  @BeforeEach
  void start() throws InvalidConfigException {
    endpoint =
        ObserveServer.start(
            "127.0.0.1",
            0,
            new ObserveServer.HealthSources(Optional::empty, Optional::empty, ready::get),
            meters,
            routing -> {});
  }

  @AfterEach
  void stop() {
    endpoint.close();
  }

  @Test
  void notReadySaysWhyAndTheOthersAreAskedApart() throws Exception {
    HttpResponse<String> answer = get("/observe/health/ready");
    assertEquals(503, answer.statusCode());
    assertTrue(answer.body().contains("the caches are empty"), answer.body());
    assertEquals(2, get("/observe/health/live").statusCode() / 100);
    assertEquals(2, get("/observe/health/started").statusCode() / 100);
    ready.set(Optional.empty());
    assertEquals(200, get("/observe/health/ready").statusCode());
  }

  @Test
  void metricsHaveTheNamesOfTheContract() throws Exception {
    meters.getOrCreate(
        Gauge.builder("vdi_sessions_total", () -> 3).tags(List.of(Tag.create("phase", "Running"))));
    meters
        .getOrCreate(
            Timer.builder("vdi_session_duration")
                .percentiles(new double[0])
                .buckets(Duration.ofSeconds(60), Duration.ofSeconds(300))
                .tags(List.of(Tag.create("template", "ubuntu"))))
        .record(Duration.ofSeconds(70));
    String page = get("/observe/metrics").body();
    assertTrue(page.contains("vdi_sessions_total{phase=\"Running\","), page);
    assertTrue(page.contains("vdi_session_duration_seconds_bucket{"), page);
    assertTrue(page.contains("le=\"60.0\"") || page.contains("le=\"60\""), page);
    assertFalse(page.contains("quantile"), page);
    assertTrue(page.contains("# TYPE vdi_session_duration_seconds histogram"), page);
  }

  @Test
  void aPortInUseIsAClearError() {
    InvalidConfigException e =
        assertThrows(
            InvalidConfigException.class,
            () ->
                ObserveServer.start(
                    "127.0.0.1",
                    endpoint.port(),
                    new ObserveServer.HealthSources(
                        Optional::empty, Optional::empty, Optional::empty),
                    meters,
                    routing -> {}));
    assertTrue(e.getMessage().contains("server.port " + endpoint.port()), e.getMessage());
    assertTrue(e.getMessage().contains("VDI_SERVER_PORT"), e.getMessage());
  }

  private HttpResponse<String> get(String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + endpoint.port() + path))
                .header("Accept", path.contains("metrics") ? "text/plain" : "application/json")
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }
}
