package io.vdi.operator.images;

import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/**
 * Requests to a gate without a provider, as a router and browsers send them. Sign-ins need a
 * provider, which the training does not have: their classes are loaded, but have no profiles.
 *
 * @param port of the portal
 * @param forwardPort of forward-auth
 */
record GateTraining(int port, int forwardPort) {
  /** The public address of the portal. */
  static final String PORTAL = "https://portal.vdi.example.com";

  private static final int ROUNDS = 500;

  /** A token in form only: the gate decodes it and refuses it. */
  private static final String TOKEN =
      "eyJraWQiOiJ4IiwidHlwIjoidmRpLWRlc2t0b3Arand0IiwiYWxnIjoiRVMyNTYifQ.e30." + "A".repeat(86);

  /**
   * Sends them and reads the answers.
   *
   * @param host of a session
   */
  void run(String host) {
    try (HttpClient http = HttpClient.newHttpClient()) {
      for (int i = 0; i < ROUNDS; i++) {
        forward(http, host, "");
        forward(http, host, "__Host-vdi-desktop=" + TOKEN);
        forward(http, "unknown.vdi.example.com", "");
        portal(http, "/");
        portal(http, "/open?target=https://" + host + "/&nonce=" + "A".repeat(43));
        portal(http, "/.well-known/jwks.json");
      }
    } catch (IOException e) {
      throw new ClusterException("the gate does not answer: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClusterException("interrupted while recording AOT caches", e);
    }
  }

  private void forward(HttpClient http, String host, String cookie)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + forwardPort + "/forward-auth"))
            .header("X-Forwarded-Host", host)
            .header("X-Forwarded-Method", "GET")
            .header("X-Forwarded-Uri", "/")
            .header("X-Forwarded-Proto", "https")
            .header("Accept", "text/html");
    send(http, cookie.isEmpty() ? request : request.header("Cookie", cookie));
  }

  private void portal(HttpClient http, String path) throws IOException, InterruptedException {
    send(http, HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)));
  }

  private static void send(HttpClient http, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    http.send(request.build(), HttpResponse.BodyHandlers.discarding());
  }
}
