package io.vdi.operator.reaper.activity;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A server that answers as KasmVNC does: HTTPS with a certificate that nobody trusts, basic
 * authentication on every path, and {@code GET /api/get_bottleneck_stats} for the owner.
 */
final class FakeKasmVnc implements AutoCloseable {
  private final HttpsServer server;
  private volatile int connected;

  FakeKasmVnc(String user, String password) {
    String authorization =
        "Basic "
            + Base64.getEncoder()
                .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    try {
      server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setHttpsConfigurator(
          new HttpsConfigurator(
              new ClusterCertificateAuthority("kasm")
                  .server("kasm", List.of(), List.of())
                  .serverContext()));
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext(
          "/",
          exchange -> {
            boolean authorized =
                authorization.equals(exchange.getRequestHeaders().getFirst("Authorization"));
            boolean stats = exchange.getRequestURI().getPath().equals("/api/get_bottleneck_stats");
            byte[] body = (authorized && stats ? stats() : "").getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-type", "text/plain");
            exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"Websockify\"");
            exchange.sendResponseHeaders(
                authorized ? 200 : 401, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
          });
      server.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return server.getAddress().getPort();
  }

  void connect(int clients) {
    connected = clients;
  }

  /** As GetAPIMessager::netGetBottleneckStats prints it; a client without a frame has no number. */
  private String stats() {
    return connected == 0
        ? "{\n}\n"
        : IntStream.range(0, connected)
            .mapToObj(
                "\t\t\"10.0.0.%d_1627311208.791752::websocket\": [ nan, 10.0, nan, 10.0 ]"
                    ::formatted)
            .collect(Collectors.joining(",\n", "{\n\t\"kasm_user\": {\n", "\n\t}\n}\n"));
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
