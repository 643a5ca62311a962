package io.vdi.operator.reaper.activity;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.DesktopServer.ActivitySource;
import io.vdi.operator.common.model.Scheme;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Any server can answer at the address of a desktop, because its user can run programs there. */
class DesktopClientTest {
  private static final Duration TIMEOUT = Duration.ofMillis(600);

  private final HttpServer server;
  private final DesktopClient client = new DesktopClient();
  private final CountDownLatch end = new CountDownLatch(1);

  DesktopClientTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  @AfterEach
  void stop() {
    end.countDown();
    client.close();
    server.stop(0);
  }

  @Test
  void connectedClientsAreCounted() throws InterruptedException {
    answer(
        200,
        """
        {"sessions": [{"id": "a", "transport": "websockets", "role": "controller", "rtt_ms": 12},
                      {"id": "b", "transport": "websockets", "role": "viewer", "rtt_ms": null}]}
        """);
    assertThat(probe()).isEqualTo(clients(2));
  }

  @Test
  void noConnectedClientIsAnAnswer() throws InterruptedException {
    answer(200, "{\"sessions\": []}");
    assertThat(probe()).isEqualTo(clients(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0.0", "-0.0", "90.5", "1e3", "315360000"})
  void theTimeSinceTheLastInputIsRead(String seconds) throws InterruptedException {
    answer(200, "{\"sessions\": [{}], \"idle_s\": " + seconds + "}");
    assertThat(probe())
        .isEqualTo(
            new ProbeResult.ConnectedClients(
                1, Optional.of(Duration.ofMillis((long) (Double.parseDouble(seconds) * 1000)))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1",
        "-1e-3",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e9",
        "1e400",
        "1e999999999",
        "99999999999999999999",
        "null",
        "true",
        "\"12\"",
        "\"NaN\"",
        "[12]",
        "{}",
        "{\"s\": 12}"
      })
  void anImpossibleTimeSinceTheLastInputIsUnknown(String seconds) throws InterruptedException {
    answer(200, "{\"sessions\": [{}], \"idle_s\": " + seconds + "}");
    assertThat(probe()).isEqualTo(clients(1));
  }

  @Test
  void theRequestHasThePasswordOfTheSession() throws InterruptedException {
    AtomicReference<String> header = new AtomicReference<>();
    handle(exchange -> {
      header.set(exchange.getRequestHeaders().getFirst("Authorization"));
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    probe();
    assertThat(header.get())
        .isEqualTo(
            "Basic "
                + Base64.getEncoder()
                    .encodeToString("ubuntu:pässword".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void theTextOfAnEndpointDoesNotContainThePassword() {
    assertThat(endpoint().toString()).doesNotContain("pässword");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "null",
        "{\"sessions\": 0}",
        "{\"sessions\": null}",
        "{\"sessions\": [",
        "<html>",
        "\"sessions\"",
        "{\"sessions\": {\"length\": 0}}"
      })
  void aResponseWithoutAListOfSessionsIsNoAnswer(String body) throws InterruptedException {
    answer(200, body);
    assertThat(probe()).isInstanceOf(ProbeResult.NoAnswer.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {204, 401, 403, 404, 500, 503})
  void aStatusOtherThan200IsNoAnswer(int status) throws InterruptedException {
    answer(status, "{\"sessions\": []}");
    assertThat(probe()).isEqualTo(new ProbeResult.NoAnswer("HTTP status " + status));
  }

  @Test
  void aRedirectIsNotFollowed() throws InterruptedException {
    AtomicBoolean followed = new AtomicBoolean();
    server.createContext(
        "/elsewhere",
        exchange -> {
          followed.set(true);
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    handle(exchange -> {
      exchange.getResponseHeaders().add("Location", "/elsewhere");
      exchange.sendResponseHeaders(302, -1);
      exchange.close();
    });
    assertThat(probe()).isEqualTo(new ProbeResult.NoAnswer("HTTP status 302"));
    assertThat(followed.get()).as("followed the redirect").isFalse();
  }

  @Test
  void aResponseThatIsTooLargeIsNoAnswer() throws InterruptedException {
    handle(exchange -> {
      exchange.sendResponseHeaders(200, 0);
      try (OutputStream body = exchange.getResponseBody()) {
        byte[] blanks = " ".repeat(64 * 1024).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 1000; i++) {
          body.write(blanks);
        }
      }
    });
    assertThat(probe()).isInstanceOf(ProbeResult.NoAnswer.class);
  }

  @Test
  void aServerThatDoesNotCompleteItsResponseTimesOut() throws InterruptedException {
    handle(exchange -> {
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write('{');
      exchange.getResponseBody().flush();
      awaitEnd();
    });
    assertThat(probe()).isEqualTo(new ProbeResult.NoAnswer("no response within 600 ms"));
  }

  @Test
  void aServerThatDoesNotRespondTimesOut() throws InterruptedException {
    handle(exchange -> awaitEnd());
    assertThat(probe()).isInstanceOf(ProbeResult.NoAnswer.class);
  }

  @Test
  void aRefusedConnectionIsNoAnswer() throws InterruptedException {
    server.stop(0);
    assertThat(probe()).isInstanceOf(ProbeResult.NoAnswer.class);
  }

  private void awaitEnd() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void answer(int status, String body) {
    handle(exchange -> {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length == 0 || status == 204 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    });
  }

  private void handle(HttpHandler handler) {
    server.createContext("/api/sessions", handler);
  }

  private DesktopEndpoint endpoint() {
    return new DesktopEndpoint(
        ActivitySource.Api.SELKIES,
        Scheme.HTTP,
        "127.0.0.1",
        server.getAddress().getPort(),
        new DesktopCredentials("ubuntu", "pässword"));
  }

  private static ProbeResult clients(int count) {
    return new ProbeResult.ConnectedClients(count, Optional.empty());
  }

  private ProbeResult probe() throws InterruptedException {
    return client.probe(endpoint(), TIMEOUT);
  }
}
