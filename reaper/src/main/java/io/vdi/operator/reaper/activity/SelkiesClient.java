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
 * Asks desktops by Selkies' {@code GET /api/sessions}. What answers runs its user's programs: its
 * answer is read only so far, only so long, and follows no redirect.
 */
final class SelkiesClient implements AutoCloseable {
  private static final int MAX_ANSWER = 256 * 1024;

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  /**
   * @param timeout for the whole of it, from the connection to the answer's last byte
   */
  ProbeResult ask(SelkiesEndpoint address, Duration timeout) throws InterruptedException {
    String credentials = address.user() + ":" + address.password();
    HttpRequest request =
        HttpRequest.newBuilder(address.sessions())
            .header("Accept", "application/json")
            .header(
                "Authorization",
                "Basic "
                    + Base64.getEncoder()
                        .encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
            .timeout(timeout)
            .build();
    CompletableFuture<HttpResponse<String>> answer =
        http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofString(), MAX_ANSWER));
    try {
      return read(answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      return new ProbeResult.NoAnswer("no answer within " + timeout.toMillis() + " ms");
    } catch (ExecutionException e) {
      return new ProbeResult.NoAnswer(words(e.getCause()));
    } finally {
      answer.cancel(true);
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
      return new ProbeResult.NoAnswer("no list of sessions in its answer");
    }
  }

  private static String words(Throwable failure) {
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
