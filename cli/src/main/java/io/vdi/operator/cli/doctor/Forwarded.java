package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.cluster.Cluster;
import io.vdi.operator.cli.cluster.NotSeen;
import io.vdi.operator.cli.cluster.PortForward;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/** Asks a pod by HTTP, through the API server. */
final class Forwarded {
  private static final OkHttpClient HTTP =
      new OkHttpClient.Builder()
          .callTimeout(Duration.ofSeconds(3))
          .followRedirects(false)
          .retryOnConnectionFailure(false)
          .build();

  private Forwarded() {}

  /**
   * @param code the HTTP status; 0 where the pod did not answer
   */
  record Page(int code, String body) {}

  /**
   * Gets one page.
   *
   * @param authorization what to log in with
   * @throws NotSeen where the API server does not forward
   */
  static Page get(
      Cluster cluster,
      String namespace,
      String pod,
      int port,
      String path,
      Optional<String> authorization) {
    try (PortForward forward = PortForward.start(cluster, namespace, pod, port, 0)) {
      Request.Builder request =
          new Request.Builder()
              .url("http://127.0.0.1:" + forward.localPort() + path)
              .header("Connection", "close");
      authorization.ifPresent(value -> request.header("Authorization", value));
      try (Response response = HTTP.newCall(request.build()).execute()) {
        return new Page(response.code(), response.body().string());
      } catch (IOException e) {
        if (forward.refusal().equals(PortForward.FORBIDDEN)) {
          throw new NotSeen(403, forward.refusal());
        }
        return new Page(0, forward.refusal().isEmpty() ? e.getMessage() : forward.refusal());
      }
    }
  }
}
