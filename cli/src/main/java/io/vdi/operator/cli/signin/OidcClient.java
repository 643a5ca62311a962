package io.vdi.operator.cli.signin;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.ApiClient;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import okhttp3.FormBody;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/**
 * A public client of an OpenID Connect provider on a machine without a browser: the device
 * authorization grant of RFC 8628. The user confirms the sign-in on another device, or in a browser
 * of this one.
 */
public final class OidcClient implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  /** Of RFC 8628, section 3.5. */
  private static final Duration SLOWER = Duration.ofSeconds(5);

  private static final long DEFAULT_INTERVAL_SECONDS = 5;
  private static final long MAX_BODY_BYTES = 256 * 1024;
  private static final String DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";

  private final String clientId;
  private final Pause pause;
  private final OkHttpClient http;
  private final Endpoints endpoints;

  private record Endpoints(
      Optional<HttpUrl> device, Optional<HttpUrl> token, Optional<HttpUrl> revocation) {}

  /** Waits between two questions to the provider. */
  @FunctionalInterface
  public interface Pause {
    void of(Duration time) throws InterruptedException;
  }

  /**
   * What the user has to do.
   *
   * @param address where to confirm
   * @param code to type there
   * @param complete the address with the code in it; empty if the provider has none
   * @param lifetime of the code
   */
  public record Prompt(String address, String code, Optional<String> complete, Duration lifetime) {}

  /**
   * Reads the discovery document.
   *
   * @param issuer https, or http on a loopback address
   * @param certificateAuthority CA certificates in PEM; empty for those of the system
   * @throws CliException if the provider cannot be used
   */
  public OidcClient(
      String issuer, String clientId, Optional<Path> certificateAuthority, Pause pause) {
    this.clientId = clientId;
    this.pause = pause;
    HttpUrl base = HttpUrl.parse(issuer);
    if (base == null || !isSafe(base)) {
      throw new CliException.Usage("--issuer \"" + issuer + "\" must be an https address");
    }
    OkHttpClient plain =
        new OkHttpClient.Builder()
            .callTimeout(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
            .followRedirects(false)
            .followSslRedirects(false)
            .build();
    this.http = certificateAuthority.map(file -> trusting(file, plain)).orElse(plain);
    this.endpoints = discover(issuer);
  }

  private static OkHttpClient trusting(Path file, OkHttpClient client) {
    try (InputStream in = Files.newInputStream(file)) {
      return new ApiClient(client).setSslCaCert(in).getHttpClient();
    } catch (IOException | RuntimeException e) {
      throw new CliException.Usage("--certificate-authority " + file + " cannot be used: " + e);
    }
  }

  private static boolean isSafe(HttpUrl url) {
    return url.isHttps() || url.host().equals("127.0.0.1") || url.host().equals("localhost");
  }

  private Endpoints discover(String issuer) {
    String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
    String address = base + "/.well-known/openid-configuration";
    Answer answer = send(new Request.Builder().url(address).build());
    if (answer.status() != 200) {
      throw new CliException.Failed(address + " answers " + answer.status());
    }
    String named = Json.text(answer.body(), "issuer");
    if (!named.equals(issuer)) {
      throw new CliException.Failed(
          "the provider at " + address + " is the issuer \"" + named + "\", not " + issuer);
    }
    return new Endpoints(
        endpoint(answer.body(), "device_authorization_endpoint"),
        endpoint(answer.body(), "token_endpoint"),
        endpoint(answer.body(), "revocation_endpoint"));
  }

  private static Optional<HttpUrl> endpoint(JsonObject document, String name) {
    return Optional.ofNullable(HttpUrl.parse(Json.text(document, name))).filter(OidcClient::isSafe);
  }

  /**
   * Signs the user in.
   *
   * @param prompt shows the user what to do
   * @throws CliException if the user or the provider refuses, or the code expires
   */
  public OidcTokens signIn(List<String> scopes, Consumer<Prompt> prompt) {
    Answer begun =
        post(
            endpoints
                .device()
                .orElseThrow(() ->
                    new CliException.Failed(
                        "the provider does not offer the device authorization grant (RFC 8628)")),
            Map.of("client_id", clientId, "scope", String.join(" ", scopes)));
    String deviceCode = Json.text(begun.body(), "device_code");
    if (begun.status() != 200 || deviceCode.isEmpty()) {
      throw refused(begun);
    }
    Duration remaining = Duration.ofSeconds(Json.number(begun.body(), "expires_in"));
    long seconds = Json.number(begun.body(), "interval");
    Duration interval = Duration.ofSeconds(seconds > 0 ? seconds : DEFAULT_INTERVAL_SECONDS);
    prompt.accept(
        new Prompt(
            Json.text(begun.body(), "verification_uri"),
            Json.text(begun.body(), "user_code"),
            Optional.of(Json.text(begun.body(), "verification_uri_complete"))
                .filter(address -> !address.isEmpty()),
            remaining));
    Map<String, String> question =
        Map.of("grant_type", DEVICE_CODE, "client_id", clientId, "device_code", deviceCode);
    while (!remaining.isNegative() && !remaining.isZero()) {
      pause(interval);
      remaining = remaining.minus(interval);
      Answer answer = askForTokens(question);
      if (answer.status() == 200) {
        return OidcTokens.of(answer.body(), Optional.empty());
      }
      switch (Json.text(answer.body(), "error")) {
        case "authorization_pending" -> {}
        case "slow_down" -> interval = interval.plus(SLOWER);
        // RFC 8628, section 3.5: after a timeout or an overload, ask less often.
        case "" -> interval = interval.multipliedBy(2);
        case "access_denied" -> throw new CliException.Failed("the sign-in was denied");
        case "expired_token" -> throw expired();
        default -> throw refused(answer);
      }
    }
    throw expired();
  }

  private Answer askForTokens(Map<String, String> question) {
    try {
      return post(tokenEndpoint(), question);
    } catch (CliException.Failed e) {
      return new Answer(0, new JsonObject());
    }
  }

  private void pause(Duration time) {
    try {
      pause.of(time);
    } catch (InterruptedException e) {
      throw CliException.Interrupted.restoringFlag();
    }
  }

  private static CliException expired() {
    return new CliException.Failed("the code has expired: run kubectl vdi login again");
  }

  private static CliException refused(Answer answer) {
    String error = Json.text(answer.body(), "error");
    String description = Json.text(answer.body(), "error_description");
    return new CliException.Failed(
        "the provider refuses the sign-in: "
            + (error.isEmpty() ? "status " + answer.status() : error)
            + (description.isEmpty() ? "" : ": " + description));
  }

  private HttpUrl tokenEndpoint() {
    return endpoints
        .token()
        .orElseThrow(() -> new CliException.Failed("the provider has no token endpoint"));
  }

  /**
   * The next ID token; empty if the refresh token is not valid any more.
   *
   * @throws CliException if the provider does not answer
   */
  public Optional<OidcTokens> refresh(String refreshToken) {
    Answer answer =
        post(
            tokenEndpoint(),
            Map.of(
                "grant_type", "refresh_token",
                "client_id", clientId,
                "refresh_token", refreshToken));
    if (answer.status() >= 500) {
      throw refused(answer);
    }
    return answer.status() == 200
        ? Optional.of(OidcTokens.of(answer.body(), Optional.of(refreshToken)))
        : Optional.empty();
  }

  /**
   * Ends the sign-in at the provider (RFC 7009).
   *
   * @return false if the provider offers no revocation, or refuses it
   */
  public boolean revoke(String refreshToken) {
    return endpoints
        .revocation()
        .map(endpoint ->
            post(
                        endpoint,
                        Map.of(
                            "client_id", clientId,
                            "token", refreshToken,
                            "token_type_hint", "refresh_token"))
                    .status()
                == 200)
        .orElse(false);
  }

  private record Answer(int status, JsonObject body) {}

  private Answer post(HttpUrl url, Map<String, String> form) {
    FormBody.Builder body = new FormBody.Builder();
    new TreeMap<>(form).forEach(body::add);
    return send(new Request.Builder().url(url).post(body.build()).build());
  }

  private Answer send(Request request) {
    try (Response response =
        http.newCall(request.newBuilder().header("Accept", "application/json").build()).execute()) {
      String text = response.peekBody(MAX_BODY_BYTES).string();
      try {
        return new Answer(
            response.code(),
            JsonParser.parseString(text) instanceof JsonObject json ? json : new JsonObject());
      } catch (JsonParseException e) {
        return new Answer(response.code(), new JsonObject());
      }
    } catch (IOException e) {
      throw new CliException.Failed(
          "the provider does not answer: " + request.url().host() + ": " + e.getMessage());
    }
  }

  @Override
  public void close() {
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
  }
}
