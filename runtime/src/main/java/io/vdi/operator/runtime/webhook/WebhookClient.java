package io.vdi.operator.runtime.webhook;

import io.vdi.operator.runtime.tls.TrustedCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/**
 * Sends a text by {@code POST}, with a time limit from the connection to the end of the response.
 * It follows no redirects: a receiver must not send the token elsewhere.
 */
public final class WebhookClient implements AutoCloseable {
  private final Settings settings;
  private final Optional<TrustedCertificates> trusted;
  private final OkHttpClient http;

  /**
   * How requests are made.
   *
   * @param tokenFile sent as bearer token, read for each request; empty: none
   * @param caFile the CA certificates of the receiver in PEM, read for each request; empty: those
   *     of the system
   * @param timeout for each request
   */
  public record Settings(Optional<Path> tokenFile, Optional<Path> caFile, Duration timeout) {}

  /** The outcome of one attempt. No text contains the URL, which can be a secret. */
  public sealed interface Outcome {
    /** The receiver has accepted the text. */
    record Delivered() implements Outcome {}

    /** What the receiver does not accept now it does not accept later either. */
    record Refused(String why) implements Outcome {}

    /** The receiver does not answer, or may accept the text later. */
    record Failed(String why) implements Outcome {}
  }

  public WebhookClient(Settings settings) {
    this.settings = settings;
    this.trusted = settings.caFile().map(TrustedCertificates::new);
    this.http =
        new OkHttpClient.Builder()
            .callTimeout(settings.timeout().toMillis(), TimeUnit.MILLISECONDS)
            .followRedirects(false)
            .followSslRedirects(false)
            .build();
  }

  /**
   * Sends the text once. An interrupt of the thread is a failure, and stays set.
   *
   * @param mediaType of the text, with its character set
   */
  public Outcome post(HttpUrl url, String mediaType, String text) {
    try {
      Request.Builder request =
          new Request.Builder().url(url).post(RequestBody.create(text, MediaType.get(mediaType)));
      if (settings.tokenFile().isPresent()) {
        String token = Files.readString(settings.tokenFile().get()).strip();
        request.header("Authorization", "Bearer " + token);
      }
      try (Response response = client().newCall(request.build()).execute()) {
        return outcome(response.code());
      }
    } catch (IOException e) {
      return new Outcome.Failed(e.toString());
    } catch (IllegalArgumentException e) {
      // The message would contain the token.
      return new Outcome.Failed(
          "the token in "
              + settings.tokenFile().map(Path::toString).orElse("")
              + " is not one line of ASCII characters");
    }
  }

  private static Outcome outcome(int code) {
    if (code >= 200 && code < 300) {
      return new Outcome.Delivered();
    }
    boolean later = code >= 500 || code == 408 || code == 429 || code == 401 || code == 403;
    return later ? new Outcome.Failed("status " + code) : new Outcome.Refused("status " + code);
  }

  private OkHttpClient client() throws IOException {
    if (trusted.isEmpty()) {
      return http;
    }
    TrustedCertificates.Trust trust = trusted.get().trust();
    return http.newBuilder().sslSocketFactory(trust.sockets(), trust.manager()).build();
  }

  /** Ends the request in progress, and closes the connections. */
  @Override
  public void close() {
    http.dispatcher().cancelAll();
    http.connectionPool().evictAll();
    http.dispatcher().executorService().shutdown();
  }
}
