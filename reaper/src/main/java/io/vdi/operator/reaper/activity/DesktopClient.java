package io.vdi.operator.reaper.activity;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.kube.UnverifiedTls;
import io.vdi.operator.common.model.DesktopServer.ActivitySource;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.Credentials;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okio.BufferedSource;

/**
 * Asks desktops for their clients: {@code GET /api/sessions} of Selkies, or {@code GET
 * /api/get_bottleneck_stats} of KasmVNC. The user of a desktop can run any server at its address,
 * so responses are limited in size and time, and redirects are not followed.
 */
final class DesktopClient implements AutoCloseable {
  private static final long MAX_BODY_BYTES = 256 * 1024;

  /** Ten years. */
  private static final double MAX_IDLE_SECONDS = 3650 * 86_400.0;

  private final OkHttpClient http =
      UnverifiedTls.accept(new OkHttpClient.Builder())
          .protocols(List.of(Protocol.HTTP_1_1))
          .followRedirects(false)
          .followSslRedirects(false)
          .retryOnConnectionFailure(false)
          .build();

  /**
   * Asks a desktop for its connected clients.
   *
   * @param timeout from the connection to the last byte of the response
   * @throws InterruptedException if the thread is interrupted
   */
  ProbeResult probe(DesktopEndpoint endpoint, Duration timeout) throws InterruptedException {
    Call call =
        http.newCall(
            new Request.Builder()
                .url(HttpUrl.get(endpoint.clients()))
                .header("Accept", "application/json")
                .header(
                    "Authorization",
                    Credentials.basic(
                        endpoint.credentials().user(),
                        endpoint.credentials().password(),
                        StandardCharsets.UTF_8))
                .build());
    call.timeout().timeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
    try (Response response = call.execute()) {
      return read(response, endpoint.api());
    } catch (InterruptedIOException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while asking a desktop");
      }
      return new ProbeResult.NoAnswer("no response within " + timeout.toMillis() + " ms");
    } catch (IOException e) {
      return new ProbeResult.NoAnswer(message(e));
    }
  }

  private static ProbeResult read(Response response, ActivitySource.Api api) throws IOException {
    if (response.code() != 200) {
      return new ProbeResult.NoAnswer("HTTP status " + response.code());
    }
    BufferedSource body = response.body().source();
    if (body.request(MAX_BODY_BYTES + 1)) {
      return new ProbeResult.NoAnswer("the response is larger than " + MAX_BODY_BYTES + " bytes");
    }
    try {
      JsonObject json = JsonParser.parseString(body.readUtf8()).getAsJsonObject();
      return switch (api) {
        case SELKIES ->
            new ProbeResult.ConnectedClients(
                json.getAsJsonArray("sessions").size(), sinceInput(json));
        case KASMVNC -> new ProbeResult.ConnectedClients(kasmClients(json), Optional.empty());
      };
    } catch (JsonParseException
        | IllegalStateException
        | ClassCastException
        | NullPointerException e) {
      return new ProbeResult.NoAnswer("the response contains no list of clients");
    }
  }

  /** What the image of this project adds; anything but a possible age of a process is unknown. */
  private static Optional<Duration> sinceInput(JsonObject json) {
    return Optional.ofNullable(json.get("idle_s"))
        .filter(value -> value instanceof JsonPrimitive primitive && primitive.isNumber())
        .map(JsonElement::getAsDouble)
        .filter(seconds -> seconds >= 0 && seconds <= MAX_IDLE_SECONDS)
        .map(seconds -> Duration.ofMillis(Math.round(seconds * 1000)));
  }

  /**
   * The addresses of each user: {@code {"kasm_user": {"10.0.0.1_1627311208.79::websocket": […]}}}.
   */
  private static int kasmClients(JsonObject users) {
    return users.entrySet().stream()
        .mapToInt(user -> user.getValue().getAsJsonObject().size())
        .sum();
  }

  private static String message(IOException failure) {
    String message = failure.getMessage();
    return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
  }

  @Override
  public void close() {
    http.dispatcher().cancelAll();
    http.connectionPool().evictAll();
    http.dispatcher().executorService().shutdown();
  }
}
