package io.vdi.operator.reaper;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * A server that answers {@code GET /metrics/resource} as a kubelet does: HTTPS with a certificate
 * of a CA for its address, and 401 without a bearer token.
 */
public final class FakeKubelet implements AutoCloseable {
  private final HttpsServer server;
  private final List<String> tokens = new CopyOnWriteArrayList<>();
  private volatile Supplier<String> page = () -> "";
  private volatile int status = 200;

  /**
   * @param address on loopback, a different one for each node
   */
  public FakeKubelet(ClusterCertificateAuthority authority, String address) {
    try {
      server = HttpsServer.create(new InetSocketAddress(address, 0), 0);
      server.setHttpsConfigurator(
          new HttpsConfigurator(
              authority.server("system:node:fake", List.of(), List.of(address)).serverContext()));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/metrics/resource",
        exchange -> {
          Optional<String> token =
              Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"))
                  .filter(header -> header.startsWith("Bearer "));
          token.ifPresent(header -> tokens.add(header.substring("Bearer ".length())));
          byte[] body =
              (token.isPresent() ? page.get() : "Unauthorized").getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(token.isPresent() ? status : 401, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  /** The CPU time of one pod, as kubelets of Kubernetes 1.34 write it. */
  public static String cpuTime(String namespace, String pod, double seconds, long milliseconds) {
    return """
    # HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container
    # TYPE container_cpu_usage_seconds_total counter
    container_cpu_usage_seconds_total{container="selkies",namespace="%1$s",pod="%2$s"} 1 %4$d
    # HELP pod_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pod
    # TYPE pod_cpu_usage_seconds_total counter
    pod_cpu_usage_seconds_total{namespace="%1$s",pod="%2$s"} %3$s %4$d
    """
        .formatted(namespace, pod, seconds, milliseconds);
  }

  /** Sets what it answers. */
  public void serve(Supplier<String> metrics) {
    page = metrics;
  }

  /** Sets the status of the answers to requests with a token. */
  public void answer(int code) {
    status = code;
  }

  public int port() {
    return server.getAddress().getPort();
  }

  /** The tokens of all requests. */
  public List<String> tokens() {
    return tokens;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
