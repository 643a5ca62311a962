package io.vdi.operator.admission.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.helidon.http.Status;
import io.helidon.webclient.http1.Http1Client;
import io.helidon.webclient.http1.Http1ClientResponse;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.testing.junit5.ServerTest;
import io.helidon.webserver.testing.junit5.SetUpRoute;
import io.vdi.operator.admission.validation.Response;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that no API server sends are answered with 400 or 413, never with 500 or an allow. */
@ServerTest
class HostileBodiesTest {
  static final String GOOD =
      """
      {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "42",
       "kind": {"group": "vdi.kasm.io", "version": "v1alpha1", "kind": "VDISession"},
       "operation": "CREATE", "namespace": "desks", "userInfo": {"username": "alice", "extra": {"k": ["v"]}}, "object": {}}}
      """;
  private static final int MAX_CONCURRENT_REQUESTS = 4;
  private static final CountDownLatch SLOW = new CountDownLatch(1);

  private final Http1Client client;

  HostileBodiesTest(Http1Client client) {
    this.client = client;
  }

  @SetUpRoute
  static void routing(HttpRouting.Builder routing) {
    Response allow = new Response.Allow(new JsonArray(), List.of());
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
            request ->
                new Response.Deny(Response.Reason.FORBIDDEN, "no", List.of("w".repeat(1000))),
            new ConnectionTimeouts(Duration.ofMinutes(1), 1024, System::nanoTime),
            MAX_CONCURRENT_REQUESTS,
            Duration.ofSeconds(5),
            (request, allowed, duration) -> {}));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aValidReviewIsAnswered() {
    try (Http1ClientResponse response = client.post("/mutate").submit(GOOD)) {
      assertThat(response.status()).isEqualTo(Status.OK_200);
      JsonObject answer = JsonParser.parseString(response.as(String.class)).getAsJsonObject();
      assertThat(answer.get("kind").getAsString()).isEqualTo("AdmissionReview");
      assertThat(answer.getAsJsonObject("response").get("uid").getAsString()).isEqualTo("42");
      assertThat(answer.getAsJsonObject("response").get("allowed").getAsBoolean()).isTrue();
    }
  }

  @Test
  void aDenyHasItsCodeAndShortWarnings() {
    try (Http1ClientResponse response = client.post("/validate").submit(GOOD)) {
      JsonObject answer =
          JsonParser.parseString(response.as(String.class))
              .getAsJsonObject()
              .getAsJsonObject("response");
      assertThat(answer.get("allowed").getAsBoolean()).isFalse();
      assertThat(answer.getAsJsonObject("status").get("code").getAsInt()).isEqualTo(403);
      assertThat(answer.getAsJsonArray("warnings").get(0).getAsString()).hasSize(256);
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
  void otherBodiesAre400(String body) {
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
        "\"object\": {} | \"dryRun\": \"true\"",
        "\"extra\" | \"groups\": 3, \"extra\""
      })
  void wrongTypesAre400(String change) {
    String[] parts = change.split(" \\| ", -1);
    assertThat(GOOD).contains(parts[0]);
    assertRefused(
        Status.BAD_REQUEST_400, GOOD.replace(parts[0], parts[1]).getBytes(StandardCharsets.UTF_8));
  }

  /** A field out of bounds is denied with field, value and rule, and reaches no rule. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "alice"                | "%1025a"                        | request.userInfo.username "aaaaaaaa
          "extra": {"k": ["v"]}  | "groups": [%101g]               | request.userInfo.groups 101 items: must be at most 100
          "extra": {"k": ["v"]}  | "groups": ["%1025a"]            | request.userInfo.groups[0] "aaaaaaaa
          "extra": {"k": ["v"]}  | "uid": "%1025a"                 | request.userInfo.uid "aaaaaaaa
          {"k": ["v"]}           | {"%1025a": ["v"]}               | request.userInfo.extra "aaaaaaaa
          {"k": ["v"]}           | {"k": ["%1025a"]}               | request.userInfo.extra[k][0] "aaaaaaaa
          {"k": ["v"]}           | {"k": [%101g]}                  | request.userInfo.extra[k] 101 items: must be at most 100
          "CREATE"               | "REPLACE"                       | request.operation "REPLACE": must be CREATE, UPDATE, DELETE or CONNECT
          "CREATE"               | "%3000a"                        | request.operation "aaaaaaaa
          "VDISession"           | "%254a"                         | request.kind.kind "aaaaaaaa
          "v1alpha1"             | "%254a"                         | request.kind.version "aaaaaaaa
          "vdi.kasm.io"          | "vdi.kasm.io "                  | request.kind.group "vdi.kasm.io ": must be a name of at most 253 characters
          "desks"                | ""                              | request.namespace "": must be the namespace of the session
          "desks"                | "%64a"                          | request.namespace "aaaaaaaa
          "desks"                | "Desks"                         | request.namespace "Desks": must be a DNS label of at most 63
          "desks"                | "../x"                          | request.namespace "../x": must be a DNS label
          "object": {}           | "name": "%254a"                 | request.name "aaaaaaaa
          "object": {}           | "subResource": "%254a"          | request.subResource "aaaaaaaa
          "object": {}           | "resource": {"resource": "%254a"} | request.resource.resource "aaaaaaaa
          "object": {}           | "object": {"metadata": {"namespace": "other"}} | request.object.metadata.namespace "other": must equal request.namespace
          "object": {}           | "oldObject": {"metadata": {"namespace": "other"}} | request.oldObject.metadata.namespace "other": must equal request.namespace
          "object": {}           | "name": "a", "object": {"metadata": {"name": "b"}} | request.object.metadata.name "b": must equal request.name
          """)
  void aFieldOutOfBoundsIsDenied(String part, String replacement, String message) {
    assertThat(GOOD).contains(part);
    for (String path : List.of("/mutate", "/validate")) {
      try (Http1ClientResponse response =
          client.post(path).submit(GOOD.replace(part, expanded(replacement)))) {
        assertThat(response.status()).isEqualTo(Status.OK_200);
        JsonObject answer =
            JsonParser.parseString(response.as(String.class))
                .getAsJsonObject()
                .getAsJsonObject("response");
        assertThat(answer.get("uid").getAsString()).isEqualTo("42");
        assertThat(answer.get("allowed").getAsBoolean()).isFalse();
        assertThat(answer.getAsJsonObject("status").get("code").getAsInt()).isEqualTo(400);
        assertThat(answer.getAsJsonObject("status").get("message").getAsString())
            .contains(message)
            .hasSizeLessThan(500);
      }
    }
  }

  /** {@code %3a} is {@code aaa}, {@code %2g} is a list of two groups. */
  private static String expanded(String text) {
    return Pattern.compile("%(\\d+)([ag])")
        .matcher(text)
        .replaceAll(match -> {
          int count = Integer.parseInt(match.group(1));
          return match.group(2).equals("a")
              ? "a".repeat(count)
              : String.join(",", Collections.nCopies(count, "\"g\""));
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "a b", "ä", "\\u0000"})
  void anIllegalUidIs400(String uid) {
    assertRefused(
        Status.BAD_REQUEST_400,
        GOOD.replace("\"42\"", "\"" + uid + "\"").getBytes(StandardCharsets.UTF_8));
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
  void otherEncodingsThanUtf8Are400() {
    byte[] body = GOOD.getBytes(StandardCharsets.UTF_8);
    body[body.length / 2] = (byte) 0xff;
    assertRefused(Status.BAD_REQUEST_400, body);
  }

  @Test
  void threeMebibytesAreAcceptedAndOneByteMoreIs413() {
    byte[] largest = padded(AdmissionRoutes.MAX_BODY);
    try (Http1ClientResponse response = client.post("/mutate").submit(largest)) {
      assertThat(response.status()).isEqualTo(Status.OK_200);
    }
    assertRefused(Status.REQUEST_ENTITY_TOO_LARGE_413, padded(AdmissionRoutes.MAX_BODY + 1));
  }

  /** Without a Content-Length, the size is known only when the body has arrived. */
  @Test
  void oneByteMoreInChunksIs413() {
    try (Http1ClientResponse response =
        client
            .post("/mutate")
            .outputStream(out -> {
              try (out) {
                out.write(padded(AdmissionRoutes.MAX_BODY + 1));
              }
            })) {
      assertThat(response.status()).isEqualTo(Status.REQUEST_ENTITY_TOO_LARGE_413);
    }
  }

  @Test
  void aBugIs500WithoutDetails() {
    try (Http1ClientResponse response =
        client.post("/mutate").submit(GOOD.replace("\"42\"", "\"bug\""))) {
      assertThat(response.status()).isEqualTo(Status.INTERNAL_SERVER_ERROR_500);
      assertThat(response.as(String.class)).isEqualTo("internal error; see the webhook's log\n");
    }
  }

  @Test
  void moreConcurrentRequestsAre429() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Status>> slow =
          IntStream.range(0, MAX_CONCURRENT_REQUESTS * 3 / 4)
              .mapToObj(i -> threads.submit(() -> post(GOOD.replace("\"42\"", "\"slow\""))))
              .toList();
      Awaitility.await().until(() -> post(GOOD).equals(Status.TOO_MANY_REQUESTS_429));
      SLOW.countDown();
      for (Future<Status> one : slow) {
        assertThat(one.get()).isEqualTo(Status.OK_200);
      }
    }
    assertThat(post(GOOD)).isEqualTo(Status.OK_200);
  }

  private Status post(String body) {
    try (Http1ClientResponse response = client.post("/mutate").submit(body)) {
      return response.status();
    }
  }

  private void assertRefused(Status status, byte[] body) {
    try (Http1ClientResponse response = client.post("/mutate").submit(body)) {
      assertThat(response.status()).isEqualTo(status);
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
