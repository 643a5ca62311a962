package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.cluster.NotSeen;
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
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;

/** Calls the URL of a session as a browser would, through the router. */
final class Visit {
  private final OkHttpClient http;

  private Visit(OkHttpClient http) {
    this.http = http;
  }

  /**
   * One that trusts the router's certificate only where it is trustworthy.
   *
   * @param router its address and, after a colon, its port, instead of what DNS says
   * @param authority to trust instead of the system's authorities
   */
  static Visit trusting(Optional<String> router, Optional<Path> authority) {
    return new Visit(client(router, authority.map(Visit::trust)).build());
  }

  /** One that asks nobody who they are; nothing secret may be sent by it. */
  static Visit anybody(Optional<String> router) {
    return new Visit(
        client(router, Optional.of(new TrustAll())).hostnameVerifier((host, tls) -> true).build());
  }

  /** The address that a host is looked for at. */
  static InetAddress address(String host, Optional<String> router) throws UnknownHostException {
    return InetAddress.getByName(router.orElse(host));
  }

  private static OkHttpClient.Builder client(
      Optional<String> router, Optional<X509TrustManager> trust) {
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            .connectTimeout(Duration.ofSeconds(3))
            .callTimeout(Duration.ofSeconds(5))
            .followRedirects(false)
            .retryOnConnectionFailure(false)
            .dns(host -> List.of(address(host, router)));
    trust.ifPresent(manager -> {
      try {
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, new X509TrustManager[] {manager}, new SecureRandom());
        builder.sslSocketFactory(tls.getSocketFactory(), manager);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    });
    return builder;
  }

  /** The HTTP status of a page. */
  int status(String url) throws IOException {
    try (Response response = http.newCall(new Request.Builder().url(url).build()).execute()) {
      return response.code();
    }
  }

  /**
   * Opens a WebSocket and closes it.
   *
   * @return the HTTP status: 101 where it opened, 0 without an answer
   */
  int upgrade(String url, String authorization) {
    CompletableFuture<Integer> answer = new CompletableFuture<>();
    http.newWebSocket(
        new Request.Builder().url(url).header("Authorization", authorization).build(),
        new WebSocketListener() {
          @Override
          public void onOpen(WebSocket socket, Response response) {
            answer.complete(response.code());
            socket.close(1000, "");
          }

          @Override
          public void onFailure(WebSocket socket, Throwable t, Response response) {
            answer.complete(response == null ? 0 : response.code());
          }
        });
    try {
      return answer.get(5, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  /** Ends its connections. */
  void close() {
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
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
      throw new NotSeen(0, "--certificate-authority " + authority + " cannot be used: " + e);
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
