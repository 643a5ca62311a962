package io.vdi.operator.reaper;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A server that answers {@code GET /api/sessions} as Selkies 2.1 does: with basic authentication,
 * the same keys for each connection, and 401 without the password. If a test says so, it has the
 * time since the last input, as in the image of this project.
 */
public final class FakeSelkies implements AutoCloseable {
  private final HttpServer server;
  private final String authorization;
  private final AtomicInteger requests = new AtomicInteger();
  private volatile int connected;
  private volatile boolean failing;
  private volatile Supplier<String> idleSeconds = () -> "";

  /**
   * @param address on loopback, a different one for each pod
   * @param port 0 selects a free one
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
          requests.incrementAndGet();
          boolean authorized =
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
              (authorized
                      ? "{\"sessions\": [" + list + "]" + idleSeconds.get() + "}"
                      : "Authorization Required")
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(failing ? 500 : authorized ? 200 : 401, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  public int port() {
    return server.getAddress().getPort();
  }

  /** Sets the number of connected clients. */
  public void connect(int clients) {
    connected = clients;
  }

  /** Reports the time since the last input, which was now. */
  public void input() {
    long last = System.nanoTime();
    idleSeconds = () -> ", \"idle_s\": %.3f".formatted((System.nanoTime() - last) / 1e9);
  }

  /**
   * Reports this as the time since the last input, in seconds.
   *
   * @param json empty: it does not report the time
   */
  public void inputAgo(String json) {
    idleSeconds = () -> json.isEmpty() ? "" : ", \"idle_s\": " + json;
  }

  /** Whether it answers every request with 500. */
  public void fail(boolean every) {
    failing = every;
  }

  /** How many requests it has received. */
  public int requests() {
    return requests.get();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
