package io.vdi.operator.admission.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.helidon.http.Status;
import io.helidon.webclient.http1.Http1Client;
import io.helidon.webclient.http1.Http1ClientResponse;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.testing.junit5.ServerTest;
import io.helidon.webserver.testing.junit5.SetUpRoute;
import io.vdi.operator.admission.validation.Decision;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What no API server sends: 400 or 413, never 500, and never an allow. */
@ServerTest
class HostileBodiesTest {
  private static final String GOOD =
      """
      {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "42",
       "kind": {"group": "vdi.kasm.io", "version": "v1alpha1", "kind": "VDISession"},
       "operation": "CREATE", "userInfo": {"username": "alice", "extra": {"k": ["v"]}}, "object": {}}}
      """;
  private static final int AT_ONCE = 4;
  private static final CountDownLatch SLOW = new CountDownLatch(1);

  private final Http1Client client;

  HostileBodiesTest(Http1Client client) {
    this.client = client;
  }

  @SetUpRoute
  static void routing(HttpRouting.Builder routing) {
    Decision allow = new Decision.Allow(new JsonArray(), List.of());
    routing.register(
        new AdmissionRoutes(
            request -> {
              if (request.uid().equals("bug")) {
                throw new IllegalStateException("a bug");
              }
              if (request.uid().equals("slow")) {
                await(SLOW);
              }
              return allow;
            },
            request -> new Decision.Deny(403, "no", List.of("w".repeat(1000))),
            new ConnectionTimeouts(Duration.ofMinutes(1)),
            AT_ONCE,
            Duration.ofSeconds(5),
            (request, allowed, took) -> {}));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aGoodReviewIsAnswered() {
    try (Http1ClientResponse response = client.post("/mutate").submit(GOOD)) {
      assertEquals(Status.OK_200, response.status());
      JsonObject answer = JsonParser.parseString(response.as(String.class)).getAsJsonObject();
      assertEquals("AdmissionReview", answer.get("kind").getAsString());
      assertEquals("42", answer.getAsJsonObject("response").get("uid").getAsString());
      assertTrue(answer.getAsJsonObject("response").get("allowed").getAsBoolean());
    }
  }

  @Test
  void aRefusalHasItsCodeAndItsWarningsAreShort() {
    try (Http1ClientResponse response = client.post("/validate").submit(GOOD)) {
      JsonObject answer =
          JsonParser.parseString(response.as(String.class))
              .getAsJsonObject()
              .getAsJsonObject("response");
      assertFalse(answer.get("allowed").getAsBoolean());
      assertEquals(403, answer.getAsJsonObject("status").get("code").getAsInt());
      assertEquals(256, answer.getAsJsonArray("warnings").get(0).getAsString().length());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "42",
        "{",
        "{}",
        "\"x\"",
        "{\"a\":}",
        "{'a': 1}",
        "{a: 1}",
        "NaN",
        "{\"apiVersion\": \"admission.k8s.io/v1\"}",
        "{\"apiVersion\": \"admission.k8s.io/v1beta1\", \"kind\": \"AdmissionReview\"}",
        "{\"apiVersion\": 1, \"kind\": {}}",
        "{\"apiVersion\": \"admission.k8s.io/v1\", \"kind\": \"AdmissionReview\", \"request\": 7}",
        "{\"apiVersion\": \"admission.k8s.io/v1\", \"kind\": \"AdmissionReview\", \"request\": {}}"
      })
  void whatIsNoReviewIs400(String body) {
    assertRefused(Status.BAD_REQUEST_400, body.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"uid\": \"42\" | \"uid\": 42",
        "\"uid\": \"42\" | \"uid\": \"\"",
        "\"CREATE\" | [\"CREATE\"]",
        "\"object\": {} | \"object\": []",
        "\"object\": {} | \"object\": 1e999999999",
        "\"username\": \"alice\" | \"username\": {}",
        "[\"v\"] | \"v\"",
        "[\"v\"] | [1]",
        "\"extra\" | \"groups\": 3, \"extra\""
      })
  void wrongTypesAre400(String change) {
    String[] parts = change.split(" \\| ", -1);
    assertTrue(GOOD.contains(parts[0]), parts[0]);
    assertRefused(
        Status.BAD_REQUEST_400, GOOD.replace(parts[0], parts[1]).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void everyTruncationIs400() {
    String whole = GOOD.strip();
    for (int end = 0; end < whole.length(); end += 7) {
      assertRefused(
          Status.BAD_REQUEST_400, whole.substring(0, end).getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void deepNestingIs400() {
    String deep = "{\"a\":".repeat(100_000) + "1" + "}".repeat(100_000);
    assertRefused(
        Status.BAD_REQUEST_400,
        GOOD.replace("\"object\": {}", "\"object\": " + deep).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void whatIsNotUtf8Is400() {
    byte[] body = GOOD.getBytes(StandardCharsets.UTF_8);
    body[body.length / 2] = (byte) 0xff;
    assertRefused(Status.BAD_REQUEST_400, body);
  }

  @Test
  void threeMebibytesAreTakenAndOneByteMoreIs413() {
    byte[] most = padded(AdmissionRoutes.MAX_BODY);
    try (Http1ClientResponse response = client.post("/mutate").submit(most)) {
      assertEquals(Status.OK_200, response.status());
    }
    assertRefused(Status.REQUEST_ENTITY_TOO_LARGE_413, padded(AdmissionRoutes.MAX_BODY + 1));
  }

  /** Without a Content-Length, nobody knows how long it is before it has come. */
  @Test
  void alsoInChunks() {
    try (Http1ClientResponse response =
        client
            .post("/mutate")
            .outputStream(out -> {
              try (out) {
                out.write(padded(AdmissionRoutes.MAX_BODY + 1));
              }
            })) {
      assertEquals(Status.REQUEST_ENTITY_TOO_LARGE_413, response.status());
    }
  }

  @Test
  void aBugIs500AndTellsNothing() {
    try (Http1ClientResponse response =
        client.post("/mutate").submit(GOOD.replace("\"42\"", "\"bug\""))) {
      assertEquals(Status.INTERNAL_SERVER_ERROR_500, response.status());
      assertEquals("internal error; see the webhook's log\n", response.as(String.class));
    }
  }

  @Test
  void moreThanCanBeWorkedOnIs429() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Status>> slow =
          IntStream.range(0, AT_ONCE)
              .mapToObj(i -> threads.submit(() -> post(GOOD.replace("\"42\"", "\"slow\""))))
              .toList();
      Awaitility.await().until(() -> post(GOOD).equals(Status.TOO_MANY_REQUESTS_429));
      SLOW.countDown();
      for (Future<Status> one : slow) {
        assertEquals(Status.OK_200, one.get());
      }
    }
    assertEquals(Status.OK_200, post(GOOD));
  }

  private Status post(String body) {
    try (Http1ClientResponse response = client.post("/mutate").submit(body)) {
      return response.status();
    }
  }

  private void assertRefused(Status status, byte[] body) {
    try (Http1ClientResponse response = client.post("/mutate").submit(body)) {
      assertEquals(status, response.status(), () -> response.as(String.class));
    }
  }

  private static byte[] padded(int size) {
    byte[] good = GOOD.strip().getBytes(StandardCharsets.UTF_8);
    byte[] body = new byte[size];
    Arrays.fill(body, (byte) ' ');
    System.arraycopy(good, 0, body, 0, good.length);
    return body;
  }
}
