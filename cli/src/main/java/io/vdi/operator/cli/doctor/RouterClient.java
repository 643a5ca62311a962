package io.vdi.operator.cli.doctor;

import io.kubernetes.client.openapi.ApiClient;
import io.vdi.operator.cli.cluster.CliException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLException;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;

/**
 * Calls the URLs of sessions like a browser, through the router. One client verifies the router's
 * certificate, and only that one sends credentials. The other one accepts every certificate, so
 * that the doctor can report other problems of the route as well. The Kubernetes client configures
 * their TLS, as it does for kubeconfigs.
 */
final class RouterClient implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(5);

  private final Optional<String> router;
  private final OkHttpClient baseClient;
  private final OkHttpClient verifyingClient;
  private final OkHttpClient insecureClient;

  /**
   * @param router host name or address of the router; empty to resolve each URL's host
   * @param certificateAuthority CA certificates in PEM; empty for those of the system
   * @throws CliException.Usage if the file cannot be used
   */
  RouterClient(Optional<String> router, Optional<Path> certificateAuthority) {
    this.router = router;
    this.baseClient =
        new OkHttpClient.Builder()
            .connectTimeout(CONNECT_TIMEOUT)
            .callTimeout(CALL_TIMEOUT)
            .followRedirects(false)
            .retryOnConnectionFailure(false)
            .dns(host -> List.of(address(host)))
            .build();
    this.verifyingClient =
        certificateAuthority.map(file -> trusting(file, baseClient)).orElse(baseClient);
    this.insecureClient = new ApiClient(baseClient).setVerifyingSsl(false).getHttpClient();
  }

  private static OkHttpClient trusting(Path certificateAuthority, OkHttpClient client) {
    try (InputStream in = Files.newInputStream(certificateAuthority)) {
      return new ApiClient(client).setSslCaCert(in).getHttpClient();
    } catch (IOException | RuntimeException e) {
      throw new CliException.Usage(
          "--certificate-authority " + certificateAuthority + " cannot be used: " + e);
    }
  }

  /** The address that calls to this host are sent to. */
  InetAddress address(String host) throws UnknownHostException {
    return InetAddress.getByName(router.orElse(host));
  }

  /**
   * Connects and verifies the certificate. The status of the page does not matter.
   *
   * @throws SSLException if the certificate is not trusted or for another host
   */
  void checkCertificate(String url) throws IOException {
    status(verifyingClient, url);
  }

  /** The HTTP status of a page. Accepts every certificate, and sends no credentials. */
  int status(String url) throws IOException {
    return status(insecureClient, url);
  }

  private static int status(OkHttpClient http, String url) throws IOException {
    try (Response response = http.newCall(new Request.Builder().url(url).build()).execute()) {
      return response.code();
    }
  }

  /**
   * A redirect as a browser receives it.
   *
   * @param cookies the values of {@code Set-Cookie}
   */
  record Redirect(int status, List<String> cookies) {}

  /** The answer of a page. Accepts every certificate, and sends no credentials. */
  Redirect redirect(String url) throws IOException {
    try (Response response =
        insecureClient
            .newCall(new Request.Builder().url(url).header("Accept", "text/html").build())
            .execute()) {
      return new Redirect(response.code(), response.headers("Set-Cookie"));
    }
  }

  /** The answer to the request for a WebSocket. */
  sealed interface Upgrade {
    /** The HTTP status; 101 if the WebSocket was opened. */
    record Answered(int status) implements Upgrade {}

    record NotAnswered() implements Upgrade {}

    /** The certificate is not trusted; the credentials were not sent. */
    record Untrusted() implements Upgrade {}
  }

  /** Opens a WebSocket and closes it. */
  Upgrade upgrade(String url, String authorization) {
    CompletableFuture<Upgrade> answer = new CompletableFuture<>();
    verifyingClient.newWebSocket(
        new Request.Builder().url(url).header("Authorization", authorization).build(),
        new WebSocketListener() {
          @Override
          public void onOpen(WebSocket socket, Response response) {
            socket.close(1000, "");
            answer.complete(new Upgrade.Answered(response.code()));
          }

          @Override
          public void onFailure(WebSocket socket, Throwable failure, Response response) {
            answer.complete(
                failure instanceof SSLException
                    ? new Upgrade.Untrusted()
                    : response == null
                        ? new Upgrade.NotAnswered()
                        : new Upgrade.Answered(response.code()));
          }
        });
    // The call timeout ends the wait: the listener is always called.
    return answer.join();
  }

  @Override
  public void close() {
    baseClient.dispatcher().executorService().shutdown();
    baseClient.connectionPool().evictAll();
  }
}
