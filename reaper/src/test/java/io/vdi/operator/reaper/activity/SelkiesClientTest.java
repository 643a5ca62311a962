package io.vdi.operator.reaper.activity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What answers at a desktop's address may be anything: its user's programs run there. */
class SelkiesClientTest {
  private static final Duration TIMEOUT = Duration.ofMillis(600);

  private final HttpServer server;
  private final SelkiesClient desktops = new SelkiesClient();
  private final CountDownLatch end = new CountDownLatch(1);

  SelkiesClientTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  @AfterEach
  void stop() {
    end.countDown();
    desktops.close();
    server.stop(0);
  }

  @Test
  void thePeopleAreCounted() throws InterruptedException {
    answer(
        200,
        """
        {"sessions": [{"id": "a", "transport": "websockets", "role": "controller", "rtt_ms": 12},
                      {"id": "b", "transport": "websockets", "role": "viewer", "rtt_ms": null}]}
        """);
    assertEquals(new ProbeResult.ConnectedClients(2), ask());
  }

  @Test
  void nobodyIsAnAnswerToo() throws InterruptedException {
    answer(200, "{\"sessions\": []}");
    assertEquals(new ProbeResult.ConnectedClients(0), ask());
  }

  @Test
  void itIsAskedWithItsOwnPassword() throws InterruptedException {
    AtomicReference<String> header = new AtomicReference<>();
    handle(exchange -> {
      header.set(exchange.getRequestHeaders().getFirst("Authorization"));
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    ask();
    assertEquals(
        "Basic "
            + Base64.getEncoder()
                .encodeToString("ubuntu:pässword".getBytes(StandardCharsets.UTF_8)),
        header.get());
  }

  @Test
  void thePasswordIsNeverPrinted() {
    assertTrue(!address().toString().contains("pässword"));
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
  void whatIsNoListOfSessionsIsNoAnswer(String body) throws InterruptedException {
    answer(200, body);
    assertInstanceOf(ProbeResult.NoAnswer.class, ask());
  }

  @ParameterizedTest
  @ValueSource(ints = {204, 401, 403, 404, 500, 503})
  void anotherStatusIsNoAnswer(int status) throws InterruptedException {
    answer(status, "{\"sessions\": []}");
    assertEquals(new ProbeResult.NoAnswer("HTTP status " + status), ask());
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
    assertEquals(new ProbeResult.NoAnswer("HTTP status 302"), ask());
    assertTrue(!followed.get());
  }

  @Test
  void aTooLongAnswerIsNotReadToItsEnd() throws InterruptedException {
    handle(exchange -> {
      exchange.sendResponseHeaders(200, 0);
      try (OutputStream body = exchange.getResponseBody()) {
        byte[] blanks = " ".repeat(64 * 1024).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 1000; i++) {
          body.write(blanks);
        }
      }
    });
    assertInstanceOf(ProbeResult.NoAnswer.class, ask());
  }

  @Test
  void whoAnswersInDripsIsCutOff() throws InterruptedException {
    handle(exchange -> {
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write('{');
      exchange.getResponseBody().flush();
      waitForTheEnd();
    });
    assertEquals(new ProbeResult.NoAnswer("no answer within 600 ms"), ask());
  }

  @Test
  void whoNeverAnswersIsCutOff() throws InterruptedException {
    handle(exchange -> waitForTheEnd());
    assertInstanceOf(ProbeResult.NoAnswer.class, ask());
  }

  @Test
  void whereNobodyListensThereIsNoAnswer() throws InterruptedException {
    server.stop(0);
    assertInstanceOf(ProbeResult.NoAnswer.class, ask());
  }

  private void waitForTheEnd() {
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

  private SelkiesEndpoint address() {
    return new SelkiesEndpoint("127.0.0.1", server.getAddress().getPort(), "ubuntu", "pässword");
  }

  private ProbeResult ask() throws InterruptedException {
    return desktops.ask(address(), TIMEOUT);
  }
}
