package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.PortForward;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/** A port of a pod, asked by HTTP through the API server; over one connection where it stays. */
final class ForwardedPort implements AutoCloseable {
  private static final OkHttpClient HTTP =
      new OkHttpClient.Builder().callTimeout(Duration.ofSeconds(3)).followRedirects(false).build();

  private final PortForward forward;

  private ForwardedPort(PortForward forward) {
    this.forward = forward;
  }

  static ForwardedPort to(ClusterAccess cluster, String namespace, String pod, int port) {
    return new ForwardedPort(PortForward.start(cluster, namespace, pod, port, 0));
  }

  /**
   * @param code the HTTP status; 0 where the pod did not answer
   */
  record Page(int code, String body) {}

  /**
   * Gets one page.
   *
   * @param authorization what to log in with
   * @throws CliException where the API server does not forward
   */
  Page get(String path, Optional<String> authorization) {
    Request.Builder request =
        new Request.Builder().url("http://127.0.0.1:" + forward.localPort() + path);
    authorization.ifPresent(value -> request.header("Authorization", value));
    try (Response response = HTTP.newCall(request.build()).execute()) {
      return new Page(response.code(), response.body().string());
    } catch (IOException e) {
      if (forward.refusal().equals(PortForward.FORBIDDEN)) {
        throw new CliException(403, forward.refusal());
      }
      return new Page(0, forward.refusal().isEmpty() ? e.getMessage() : forward.refusal());
    }
  }

  @Override
  public void close() {
    forward.close();
  }
}
