package io.vdi.operator.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.helidon.metrics.api.Gauge;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.helidon.metrics.api.Timer;
import io.helidon.webserver.WebServer;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.net.InetAddress;
import java.net.NetworkInterface;
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
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
  @DisplayName("a check that fails answers 503 with the reason; the other checks are independent")
  void health() throws Exception {
    HttpResponse<String> answer = get("/observe/health/ready");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).contains("the caches are empty");
    assertThat(get("/observe/health/live").statusCode()).isBetween(200, 299);
    assertThat(get("/observe/health/started").statusCode()).isBetween(200, 299);
    ready.set(Optional.empty());
    assertThat(get("/observe/health/ready").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"::1", "::"})
  @DisplayName("the address can be an IPv6 literal")
  void ipv6(String address) throws Exception {
    assumeTrue(
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .anyMatch(local -> local.equals(InetAddress.ofLiteral("::1"))),
        "no IPv6 loopback address");
    try (ObserveServer server =
            ObserveServer.start(
                address,
                0,
                new ObserveServer.HealthSources(Optional::empty, Optional::empty, ready::get),
                meters,
                routing -> {});
        HttpClient client = HttpClient.newHttpClient()) {
      URI live = URI.create("http://[::1]:" + server.port() + "/observe/health/live");
      assertThat(
              client
                  .send(HttpRequest.newBuilder(live).build(), HttpResponse.BodyHandlers.ofString())
                  .statusCode())
          .isBetween(200, 299);
    }
  }

  @Test
  @DisplayName("metrics have the published names, types and labels")
  void metrics() throws Exception {
    meters.getOrCreate(
        Gauge.builder("vdi_sessions_total", () -> 3).tags(List.of(Tag.create("phase", "Running"))));
    meters
        .getOrCreate(
            Timer.builder("vdi_session_duration")
                .percentiles(new double[0])
                .buckets(Duration.ofSeconds(60), Duration.ofSeconds(300))
                .tags(List.of(Tag.create("template", "ubuntu"))))
        .record(Duration.ofSeconds(70));
    assertThat(get("/observe/metrics").body())
        .contains("vdi_sessions_total{phase=\"Running\",")
        .contains("vdi_session_duration_seconds_bucket{")
        .containsPattern("le=\"60(\\.0)?\"")
        .doesNotContain("quantile")
        .contains("# TYPE vdi_session_duration_seconds histogram");
  }

  @Test
  @DisplayName("another server in the process, such as the webhook's, removes no meters")
  void secondServer() throws Exception {
    new Gauges(meters).add("vdi_test_second_server", "a gauge", () -> 1);
    WebServer second = WebServer.builder().host("127.0.0.1").port(0).build().start();
    try {
      assertThat(get("/observe/metrics").body()).contains("vdi_test_second_server");
    } finally {
      second.stop();
    }
  }

  @Test
  @DisplayName("a label named scope keeps its value: the quota metrics have one")
  void labelNamedScope() throws Exception {
    for (String scope : List.of("user", "namespace")) {
      meters.getOrCreate(
          Gauge.builder("vdi_test_quota", scope::length)
              .tags(List.of(Tag.create("scope", scope), Tag.create("name", "alice"))));
    }
    assertThat(get("/observe/metrics").body())
        .containsPattern("vdi_test_quota\\{[^}]*scope=\"user\"[^}]*} 4")
        .containsPattern("vdi_test_quota\\{[^}]*scope=\"namespace\"[^}]*} 9");
  }

  @Test
  @DisplayName("a port in use is reported with the setting that changes it")
  void portInUse() {
    assertThatThrownBy(() ->
            ObserveServer.start(
                "127.0.0.1",
                endpoint.port(),
                new ObserveServer.HealthSources(Optional::empty, Optional::empty, Optional::empty),
                meters,
                routing -> {}))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageContaining("server.port " + endpoint.port())
        .hasMessageContaining("vdiConfig_SERVER_PORT");
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
