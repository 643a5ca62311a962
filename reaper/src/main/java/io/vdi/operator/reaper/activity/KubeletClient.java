package io.vdi.operator.reaper.activity;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.ApiClient;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.reaper.activity.LoadConfig.KubeletConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;

/**
 * Reads the CPU time of the pods of a node: {@code GET /metrics/resource} of its kubelet. The
 * kubelet gets a token of a service account that can only read metrics (docs/decisions/load.md).
 */
final class KubeletClient {
  /** The CPU time of all containers of a pod; stable since Kubernetes 1.29. */
  static final String METRIC = "pod_cpu_usage_seconds_total";

  /** The shortest that the API server issues. */
  private static final Duration TOKEN_LIFE = Duration.ofMinutes(10);

  /** A connection setup for these certificates. */
  private record Verified(String pem, OkHttpClient http) {}

  /**
   * @param until when another one is requested
   */
  private record Token(String account, String text, Instant until) {}

  private final KubeClient api;
  private final InstantSource clock;
  private final OkHttpClient unverified = MetricsClient.configure(unverified()).build();
  private volatile Optional<Verified> verified = Optional.empty();
  private volatile Optional<Token> token = Optional.empty();

  KubeletClient(KubeClient api, InstantSource clock) {
    this.api = api;
    this.clock = clock;
  }

  /**
   * The samples of {@link #METRIC}.
   *
   * @throws InterruptedException if the thread is interrupted
   */
  Scrape read(String node, KubeletConfig config, Duration timeout) throws InterruptedException {
    ApiResult<JsonObject> object = api.request("GET", ResourceType.NODE.path("", node), null);
    Optional<HttpUrl> url = object.ok().flatMap(KubeletClient::url);
    if (url.isEmpty()) {
      return new Scrape.NoAnswer(message("it has no address of its kubelet", object));
    }
    ApiResult<Token> bearer = token(config);
    if (!(bearer instanceof ApiResult.Ok<Token>(Token valid))) {
      return new Scrape.NoAnswer(
          message("no token of service account " + config.serviceAccount(), bearer));
    }
    OkHttpClient http;
    try {
      http = config.insecureSkipTlsVerify() ? unverified : verified(config);
    } catch (IOException | RuntimeException e) {
      return new Scrape.NoAnswer("cannot use the certificates in " + config.caFile() + ": " + e);
    }
    return MetricsClient.read(
        http,
        new Request.Builder().url(url.get()).header("Authorization", "Bearer " + valid.text()),
        METRIC,
        timeout);
  }

  /** The kubelet of this node; empty if it has not reported its address yet. */
  static Optional<HttpUrl> url(JsonObject node) {
    JsonObject status = node.getAsJsonObject("status");
    if (status == null || !status.has("daemonEndpoints") || !status.has("addresses")) {
      return Optional.empty();
    }
    JsonObject endpoint = status.getAsJsonObject("daemonEndpoints");
    int port =
        endpoint.has("kubeletEndpoint")
            ? endpoint.getAsJsonObject("kubeletEndpoint").get("Port").getAsInt()
            : 0;
    return status.getAsJsonArray("addresses").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .filter(address -> port > 0 && address.get("type").getAsString().equals("InternalIP"))
        .map(address ->
            new HttpUrl.Builder()
                .scheme("https")
                .host(address.get("address").getAsString())
                .port(port)
                .addPathSegments("metrics/resource")
                .build())
        .findFirst();
  }

  /** A token that is used until half of its life has passed. */
  private ApiResult<Token> token(KubeletConfig config) {
    String account =
        "/api/v1/namespaces/%s/serviceaccounts/%s"
            .formatted(config.namespace(), config.serviceAccount());
    Instant now = clock.instant();
    Optional<Token> known =
        token.filter(last -> last.account().equals(account) && now.isBefore(last.until()));
    if (known.isPresent()) {
      return new ApiResult.Ok<>(known.get());
    }
    JsonObject request =
        JsonParser.parseString(
                """
                {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                 "spec": {"expirationSeconds": %d}}
                """
                    .formatted(TOKEN_LIFE.toSeconds()))
            .getAsJsonObject();
    ApiResult<Token> created =
        api.request("POST", account + "/token", request)
            .map(response ->
                new Token(
                    account,
                    response.getAsJsonObject("status").get("token").getAsString(),
                    now.plus(TOKEN_LIFE.dividedBy(2))));
    token = created.ok();
    return created;
  }

  /** The file is read for each request, so that a renewed CA applies without a restart. */
  private OkHttpClient verified(KubeletConfig config) throws IOException {
    String pem = Files.readString(config.caFile());
    Optional<Verified> known = verified.filter(last -> last.pem().equals(pem));
    if (known.isEmpty()) {
      ApiClient tls = new ApiClient();
      tls.setSslCaCert(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
      known =
          Optional.of(
              new Verified(pem, MetricsClient.configure(tls.getHttpClient().newBuilder()).build()));
      verified = known;
    }
    return known.get().http();
  }

  private static OkHttpClient.Builder unverified() {
    return new ApiClient().setVerifyingSsl(false).getHttpClient().newBuilder();
  }

  private static String message(String what, ApiResult<?> result) {
    return result.failure().map(ApiFailure::message).map(why -> what + ": " + why).orElse(what);
  }

  void close() {
    MetricsClient.close(unverified);
    verified.ifPresent(client -> MetricsClient.close(client.http()));
  }
}
