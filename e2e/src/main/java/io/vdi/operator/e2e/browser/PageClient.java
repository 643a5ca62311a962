package io.vdi.operator.e2e.browser;

import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.Credentials;
import okhttp3.Headers;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;

/** Requests pages through a cluster's router, under the host names of sessions. */
public final class PageClient {
  private final OkHttpClient http;

  /**
   * @param router the address that all host names resolve to
   * @param certificate the only certificate to trust
   * @throws ClusterException if the certificate cannot be read
   */
  public PageClient(String router, Path certificate) {
    try (InputStream in = Files.newInputStream(certificate)) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null);
      trusted.setCertificateEntry(
          "router", CertificateFactory.getInstance("X.509").generateCertificate(in));
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(null, trust.getTrustManagers(), null);
      http =
          new OkHttpClient.Builder()
              .dns(host -> List.of(InetAddress.getByName(router)))
              .sslSocketFactory(
                  tls.getSocketFactory(), (X509TrustManager) trust.getTrustManagers()[0])
              .followRedirects(false)
              .build();
    } catch (IOException | GeneralSecurityException e) {
      throw new ClusterException("cannot trust " + certificate + ": " + e, e);
    }
  }

  /**
   * Returns the HTTP status of a page, or 0 if there is no answer.
   *
   * @param credentials empty to send none
   */
  public int status(URI page, Optional<DesktopCredentials> credentials) {
    Request.Builder request = new Request.Builder().url(page.toString());
    credentials.ifPresent(known ->
        request.header("Authorization", Credentials.basic(known.user(), known.password())));
    try (Response response = http.newCall(request.build()).execute()) {
      return response.code();
    } catch (IOException e) {
      return 0;
    }
  }

  /**
   * Returns the HTTP status of a page that is requested with these headers; 0 without an answer.
   */
  public int status(URI page, Map<String, String> headers) {
    try (Response response = http.newCall(request(page, headers)).execute()) {
      return response.code();
    } catch (IOException e) {
      return 0;
    }
  }

  /** Returns the text of a page that is requested with these headers; empty without an answer. */
  public String text(URI page, Map<String, String> headers) {
    try (Response response = http.newCall(request(page, headers)).execute()) {
      return response.body().string();
    } catch (IOException e) {
      return "";
    }
  }

  private static Request request(URI page, Map<String, String> headers) {
    return new Request.Builder().url(page.toString()).headers(Headers.of(headers)).build();
  }

  /**
   * Returns the HTTP status with which the handshake of a WebSocket is answered: 101 if it opens; 0
   * without an answer.
   */
  public int webSocket(URI address, Map<String, String> headers) {
    CompletableFuture<Integer> status = new CompletableFuture<>();
    http.newWebSocket(
        request(address, headers),
        new WebSocketListener() {
          @Override
          public void onOpen(WebSocket socket, Response response) {
            status.complete(response.code());
            socket.close(1000, "");
          }

          @Override
          public void onFailure(WebSocket socket, Throwable cause, Response response) {
            status.complete(response == null ? 0 : response.code());
          }
        });
    return status.join();
  }

  /**
   * Returns the text of a page; empty if there is no answer, or none with HTTP status 200.
   *
   * @param credentials of the desktop
   */
  public Optional<String> text(URI page, DesktopCredentials credentials) {
    Request request =
        new Request.Builder()
            .url(page.toString())
            .header("Authorization", Credentials.basic(credentials.user(), credentials.password()))
            .build();
    try (Response response = http.newCall(request).execute()) {
      return response.code() == 200 ? Optional.of(response.body().string()) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
