package io.vdi.operator.admission.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webclient.http1.Http1ClientResponse;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.testing.junit5.DirectClient;
import io.helidon.webserver.testing.junit5.RoutingTest;
import io.helidon.webserver.testing.junit5.SetUpRoute;
import io.vdi.operator.admission.validation.Response;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** The routes without a socket. HostileBodiesTest sends what no API server sends. */
@RoutingTest
class AdmissionRoutesTest {
  private static final List<String> OBSERVED = new CopyOnWriteArrayList<>();

  private final DirectClient client;

  AdmissionRoutesTest(DirectClient client) {
    this.client = client;
  }

  @SetUpRoute
  static void routing(HttpRouting.Builder routing) {
    JsonArray patch =
        JsonParser.parseString("[{\"op\": \"remove\", \"path\": \"/x\"}]").getAsJsonArray();
    routing.register(
        new AdmissionRoutes(
            request -> new Response.Allow(patch, List.of("look out")),
            request ->
                new Response.Deny(
                    Response.Reason.SERVICE_UNAVAILABLE, "try again", List.of("w".repeat(1000))),
            new ConnectionTimeouts(Duration.ofMinutes(1), 1024, System::nanoTime),
            4,
            Duration.ofSeconds(5),
            (request, allowed, duration) -> OBSERVED.add(request.operation() + " " + allowed)));
  }

  @Test
  void anAllowHasItsPatchInBase64() {
    JsonObject response = post("/mutate");
    assertThat(response.get("uid").getAsString()).isEqualTo("42");
    assertThat(response.get("allowed").getAsBoolean()).isTrue();
    assertThat(response.get("patchType").getAsString()).isEqualTo("JSONPatch");
    assertThat(
            new String(
                Base64.getDecoder().decode(response.get("patch").getAsString()),
                StandardCharsets.UTF_8))
        .isEqualTo("[{\"op\":\"remove\",\"path\":\"/x\"}]");
    assertThat(response.getAsJsonArray("warnings").toString()).isEqualTo("[\"look out\"]");
    await().untilAsserted(() -> assertThat(OBSERVED).contains("CREATE true"));
  }

  @Test
  void aDenyHasCodeReasonAndMessageAndShortWarnings() {
    JsonObject response = post("/validate");
    assertThat(response.get("allowed").getAsBoolean()).isFalse();
    assertThat(response.getAsJsonObject("status").toString())
        .isEqualTo("{\"code\":503,\"reason\":\"ServiceUnavailable\",\"message\":\"try again\"}");
    assertThat(response.getAsJsonArray("warnings").get(0).getAsString()).hasSize(256).endsWith("…");
    await().untilAsserted(() -> assertThat(OBSERVED).contains("CREATE false"));
  }

  @Test
  void otherPathsAndMethodsDoNotExist() {
    try (Http1ClientResponse response = client.post("/other").submit(HostileBodiesTest.GOOD)) {
      assertThat(response.status()).isEqualTo(Status.NOT_FOUND_404);
    }
    try (Http1ClientResponse response = client.get("/mutate").request()) {
      assertThat(response.status()).isEqualTo(Status.NOT_FOUND_404);
    }
  }

  private JsonObject post(String path) {
    try (Http1ClientResponse response = client.post(path).submit(HostileBodiesTest.GOOD)) {
      assertThat(response.status()).isEqualTo(Status.OK_200);
      assertThat(response.headers().get(HeaderNames.CONTENT_TYPE).get())
          .isEqualTo("application/json");
      JsonObject review = JsonParser.parseString(response.as(String.class)).getAsJsonObject();
      assertThat(review.get("kind").getAsString()).isEqualTo("AdmissionReview");
      assertThat(review.get("apiVersion").getAsString()).isEqualTo("admission.k8s.io/v1");
      return review.getAsJsonObject("response");
    }
  }
}
