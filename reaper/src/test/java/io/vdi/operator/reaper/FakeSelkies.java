package io.vdi.operator.reaper;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server that speaks Selkies' {@code GET /api/sessions} as 2.1 does: basic authentication, the
 * keys of a connection, 401 without the password.
 */
public final class FakeSelkies implements AutoCloseable {
  private final HttpServer server;
  private final String authorization;
  private final AtomicInteger asked = new AtomicInteger();
  private volatile int connected;
  private volatile boolean broken;

  /**
   * @param address of loopback, a different one for each pod
   */
  public FakeSelkies(String address, int port, String password) {
    this.authorization =
        "Basic "
            + Base64.getEncoder()
                .encodeToString(("ubuntu:" + password).getBytes(StandardCharsets.UTF_8));
    try {
      server = HttpServer.create(new InetSocketAddress(address, port), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/api/sessions",
        exchange -> {
          asked.incrementAndGet();
          boolean known =
              authorization.equals(exchange.getRequestHeaders().getFirst("Authorization"));
          StringBuilder list = new StringBuilder();
          for (int i = 0; i < connected; i++) {
            list.append(i == 0 ? "" : ", ")
                .append(
                    """
                    {"id": "%d", "transport": "websockets", "role": "controller", "slot": null,
                     "display": "primary", "connected_at": 1767225600.0, "rtt_ms": 11.5}
                    """
                        .formatted(i));
          }
          byte[] body =
              (known ? "{\"sessions\": [" + list + "]}" : "Authorization Required")
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(broken ? 500 : known ? 200 : 401, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  public int port() {
    return server.getAddress().getPort();
  }

  public void connect(int people) {
    connected = people;
  }

  public void breakDown(boolean down) {
    broken = down;
  }

  public int asked() {
    return asked.get();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
