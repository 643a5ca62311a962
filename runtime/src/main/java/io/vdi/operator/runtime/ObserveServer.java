package io.vdi.operator.runtime;

import io.helidon.health.HealthCheck;
import io.helidon.health.HealthCheckResponse;
import io.helidon.health.HealthCheckType;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.MetricsFactory;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.observe.ObserveFeature;
import io.helidon.webserver.observe.health.HealthObserver;
import io.helidon.webserver.observe.metrics.MetricsObserver;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Health and metrics of a service on one plain HTTP port, spec.md section 6: {@code
 * /observe/health/started}, {@code /live}, {@code /ready}, {@code /observe/metrics}.
 */
public final class ObserveServer implements AutoCloseable {
  private final WebServer server;

  /** Each question is answered by the reason why not, or by an empty text where all is well. */
  public record HealthSources(
      Supplier<String> started, Supplier<String> live, Supplier<String> ready) {}

  private ObserveServer(WebServer server) {
    this.server = server;
  }

  /**
   * Starts to listen.
   *
   * @param port 0 for any free one
   * @throws InvalidConfigException where the port cannot be had
   */
  public static ObserveServer start(
      String host, int port, HealthSources health, MeterRegistry meters)
      throws InvalidConfigException {
    return start(host, port, health, meters, routing -> {});
  }

  /**
   * The same.
   *
   * @param pages what the service shows there beside health and metrics
   */
  public static ObserveServer start(
      String host,
      int port,
      HealthSources health,
      MeterRegistry meters,
      Consumer<HttpRouting.Builder> pages)
      throws InvalidConfigException {
    HealthObserver healthObserver =
        HealthObserver.builder()
            .details(true)
            .useSystemServices(false)
            .addCheck(check("started", HealthCheckType.STARTUP, health.started()))
            .addCheck(check("live", HealthCheckType.LIVENESS, health.live()))
            .addCheck(check("ready", HealthCheckType.READINESS, health.ready()))
            .build();
    MetricsObserver metricsObserver = MetricsObserver.builder().meterRegistry(meters).build();
    WebServer server =
        WebServer.builder()
            .host(host)
            .port(port)
            .shutdownHook(false)
            .routing(pages)
            .addFeature(
                ObserveFeature.builder()
                    .addObserver(healthObserver)
                    .addObserver(metricsObserver)
                    .build())
            .build();
    // Helidon shares its port with whoever else listens there, without a word.
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(host, port));
    } catch (IOException e) {
      throw new InvalidConfigException(
          List.of(
              "server.port "
                  + port
                  + " on "
                  + host
                  + " cannot be had (is another process using it?): free it or set VDI_SERVER_PORT"));
    }
    return new ObserveServer(server.start());
  }

  /**
   * The registry of this JVM. Helidon puts its label {@code scope="application"} on all that is in
   * it.
   */
  public static MeterRegistry meters() {
    return MetricsFactory.getInstance().globalRegistry();
  }

  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
  }

  private static HealthCheck check(String name, HealthCheckType type, Supplier<String> trouble) {
    return new HealthCheck() {
      @Override
      public HealthCheckType type() {
        return type;
      }

      @Override
      public String name() {
        return name;
      }

      @Override
      public HealthCheckResponse call() {
        String reason = trouble.get();
        HealthCheckResponse.Builder response =
            HealthCheckResponse.builder().status(reason.isEmpty());
        return reason.isEmpty() ? response.build() : response.detail("reason", reason).build();
      }
    };
  }
}
