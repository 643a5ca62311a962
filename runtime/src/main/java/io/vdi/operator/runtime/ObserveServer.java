package io.vdi.operator.runtime;

import io.helidon.health.HealthCheckResponse;
import io.helidon.health.HealthCheckType;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.MetricsConfig;
import io.helidon.metrics.api.MetricsFactory;
import io.helidon.metrics.api.SystemTagsManager;
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
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Health and metrics of a service on one plain HTTP port, docs/specification.md, section 6: {@code
 * /observe/health/started}, {@code /live}, {@code /ready}, {@code /observe/metrics}.
 */
public final class ObserveServer implements AutoCloseable {
  /**
   * The label by which Helidon separates meters of the application from those of the JVM. Its
   * default name, {@code scope}, is a label of the quota metrics: Helidon would replace their
   * value, and the gauges of two scopes with the same name would become one.
   */
  private static final String SCOPE_LABEL = "vdi_scope";

  private static final MeterRegistry METERS = registry();

  /** Not {@code globalRegistry(config)}: a second WebServer in the process would empty that one. */
  private static MeterRegistry registry() {
    MeterRegistry registry = MetricsFactory.getInstance().globalRegistry();
    // After the registry, whose creation sets it to the default.
    SystemTagsManager.instance(
        MetricsConfig.builder().scoping(scoping -> scoping.tagName(SCOPE_LABEL)).build());
    return registry;
  }

  private final WebServer server;

  /** Each returns the reason why not, or empty. */
  public record HealthSources(
      Supplier<Optional<String>> started,
      Supplier<Optional<String>> live,
      Supplier<Optional<String>> ready) {}

  private ObserveServer(WebServer server) {
    this.server = server;
  }

  /**
   * Starts to listen.
   *
   * @param port 0 for any free port
   * @param pages adds the service's own pages
   * @throws InvalidConfigException when the port is in use
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
            .addCheck(check(health.started()), HealthCheckType.STARTUP, "started")
            .addCheck(check(health.live()), HealthCheckType.LIVENESS, "live")
            .addCheck(check(health.ready()), HealthCheckType.READINESS, "ready")
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
    // Helidon sets SO_REUSEPORT: without this check two processes would share the port silently.
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
                  + " is unavailable (does another process use it?): free it or set vdiConfig_SERVER_PORT"));
    }
    return new ObserveServer(server.start());
  }

  /** The registry of this JVM. Helidon adds the label {@link #SCOPE_LABEL} to its meters. */
  public static MeterRegistry meters() {
    return METERS;
  }

  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
  }

  private static Supplier<HealthCheckResponse> check(Supplier<Optional<String>> error) {
    return () -> {
      Optional<String> reason = error.get();
      HealthCheckResponse.Builder response = HealthCheckResponse.builder().status(reason.isEmpty());
      reason.ifPresent(text -> response.detail("reason", text));
      return response.build();
    };
  }
}
