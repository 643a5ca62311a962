package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.cluster.CliException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;

/** Calls the URLs of sessions as a browser would, through the router. */
final class RouterClient implements AutoCloseable {
  private final Optional<String> router;
  private final Optional<Path> authority;
  private final OkHttpClient baseClient =
      new OkHttpClient.Builder()
          .connectTimeout(Duration.ofSeconds(3))
          .callTimeout(Duration.ofSeconds(5))
          .followRedirects(false)
          .retryOnConnectionFailure(false)
          .dns(host -> List.of(address(host)))
          .build();
  private final OkHttpClient insecureClient =
      trusting(new TrustAll()).hostnameVerifier((host, tls) -> true).build();
  private Optional<OkHttpClient> verifyingClient = Optional.empty();

  /**
   * @param router its address and, after a colon, its port, instead of what DNS says
   * @param authority to trust instead of the system's authorities
   */
  RouterClient(Optional<String> router, Optional<Path> authority) {
    this.router = router;
    this.authority = authority;
  }

  private OkHttpClient.Builder trusting(X509TrustManager trust) {
    try {
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(null, new X509TrustManager[] {trust}, new SecureRandom());
      return baseClient.newBuilder().sslSocketFactory(tls.getSocketFactory(), trust);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One that speaks only with whom the authorities vouch for. */
  private synchronized OkHttpClient verifyingClient() {
    if (verifyingClient.isEmpty()) {
      verifyingClient =
          Optional.of(authority.map(file -> trusting(trust(file)).build()).orElse(baseClient));
    }
    return verifyingClient.get();
  }

  /** The address that a host is looked for at. */
  InetAddress address(String host) throws UnknownHostException {
    return InetAddress.getByName(router.orElse(host));
  }

  /**
   * Gets a page, of whatever status, from whom the authorities vouch for.
   *
   * @throws SSLException where they do not
   */
  void checkCertificate(String url) throws IOException {
    status(verifyingClient(), url);
  }

  /** The HTTP status of a page, whoever gives it; nothing secret is sent. */
  int status(String url) throws IOException {
    return status(insecureClient, url);
  }

  private static int status(OkHttpClient http, String url) throws IOException {
    try (Response response = http.newCall(new Request.Builder().url(url).build()).execute()) {
      return response.code();
    }
  }

  /**
   * Opens a WebSocket and closes it.
   *
   * @return the HTTP status: 101 where it opened, 0 without an answer
   * @throws SSLException where the authorities do not vouch for the router: nothing was sent then
   */
  int upgrade(String url, String authorization) throws SSLException {
    CompletableFuture<Integer> answer = new CompletableFuture<>();
    verifyingClient()
        .newWebSocket(
            new Request.Builder().url(url).header("Authorization", authorization).build(),
            new WebSocketListener() {
              @Override
              public void onOpen(WebSocket socket, Response response) {
                answer.complete(response.code());
                socket.close(1000, "");
              }

              @Override
              public void onFailure(WebSocket socket, Throwable t, Response response) {
                if (t instanceof SSLException) {
                  answer.completeExceptionally(t);
                } else {
                  answer.complete(response == null ? 0 : response.code());
                }
              }
            });
    try {
      return answer.get(5, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      return 0;
    } catch (ExecutionException e) {
      throw (SSLException) e.getCause();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  /** Ends its connections. */
  @Override
  public void close() {
    baseClient.dispatcher().executorService().shutdown();
    baseClient.connectionPool().evictAll();
  }

  private static X509TrustManager trust(Path authority) {
    try (InputStream in = Files.newInputStream(authority)) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null);
      int i = 0;
      for (var each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        trusted.setCertificateEntry("authority-" + i++, each);
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(trusted);
      return (X509TrustManager) factory.getTrustManagers()[0];
    } catch (IOException | GeneralSecurityException e) {
      throw new CliException(0, "--certificate-authority " + authority + " cannot be used: " + e);
    }
  }

  private static final class TrustAll implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
