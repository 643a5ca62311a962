package io.vdi.operator.reaper.activity;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Calls {@code GET /api/sessions} of Selkies. The user of a desktop can run any server at its
 * address, so responses are limited in size and time, and redirects are not followed.
 */
final class SelkiesClient implements AutoCloseable {
  private static final int MAX_BODY_BYTES = 256 * 1024;

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  /**
   * Asks a desktop for its connected clients.
   *
   * @param timeout from the connection to the last byte of the response
   */
  ProbeResult probe(SelkiesEndpoint endpoint, Duration timeout) throws InterruptedException {
    String credentials = endpoint.user() + ":" + endpoint.password();
    HttpRequest request =
        HttpRequest.newBuilder(endpoint.sessions())
            .header("Accept", "application/json")
            .header(
                "Authorization",
                "Basic "
                    + Base64.getEncoder()
                        .encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
            .timeout(timeout)
            .build();
    CompletableFuture<HttpResponse<String>> response =
        http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofString(), MAX_BODY_BYTES));
    try {
      return read(response.get(timeout.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      return new ProbeResult.NoAnswer("no response within " + timeout.toMillis() + " ms");
    } catch (ExecutionException e) {
      return new ProbeResult.NoAnswer(message(e.getCause()));
    } finally {
      response.cancel(true);
    }
  }

  private static ProbeResult read(HttpResponse<String> response) {
    if (response.statusCode() != 200) {
      return new ProbeResult.NoAnswer("HTTP status " + response.statusCode());
    }
    try {
      JsonObject body = JsonParser.parseString(response.body()).getAsJsonObject();
      return new ProbeResult.ConnectedClients(body.getAsJsonArray("sessions").size());
    } catch (JsonParseException
        | IllegalStateException
        | ClassCastException
        | NullPointerException e) {
      return new ProbeResult.NoAnswer("the response contains no list of sessions");
    }
  }

  private static String message(Throwable failure) {
    String message = failure.getMessage();
    return failure instanceof IOException && message != null && !message.isBlank()
        ? message
        : failure.getClass().getSimpleName();
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
