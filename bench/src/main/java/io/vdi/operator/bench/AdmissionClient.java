package io.vdi.operator.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Calls a webhook over TLS, as the API server does. */
final class AdmissionClient {
  private final HttpClient http;

  /**
   * @param caCertificate the certificate of the webhook's CA
   */
  AdmissionClient(Path caCertificate) {
    http =
        HttpClient.newBuilder()
            .sslContext(trusting(caCertificate))
            .version(HttpClient.Version.HTTP_1_1)
            .build();
  }

  /** TLS that trusts this CA alone. */
  static SSLContext trusting(Path caCertificate) {
    try {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      trusted.setCertificateEntry(
          "ca",
          CertificateFactory.getInstance("X.509")
              .generateCertificate(Files.newInputStream(caCertificate)));
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Sends a request to create a session.
   *
   * @param number makes the name of the session unique
   * @throws IllegalStateException if the webhook does not allow it
   */
  void review(URI webhook, int number) {
    HttpRequest request =
        HttpRequest.newBuilder(webhook)
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    """
                    {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"%1$d",
                    "kind":{"group":"vdi.kasm.io","version":"v1alpha1","kind":"VDISession"},
                    "operation":"CREATE","namespace":"bench","name":"s-%1$d",
                    "userInfo":{"username":"admin","groups":["system:masters"]},
                    "object":{"apiVersion":"vdi.kasm.io/v1alpha1","kind":"VDISession",
                    "metadata":{"name":"s-%1$d","namespace":"bench"},
                    "spec":{"user":"user-%1$d@example.com","template":"bench"}}}}\
                    """
                        .formatted(number)))
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200 || !response.body().contains("\"allowed\":true")) {
        throw new IllegalStateException(response.statusCode() + " " + response.body());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
