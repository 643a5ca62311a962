package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.PortForward;
import io.vdi.operator.common.kube.UnverifiedTls;
import io.vdi.operator.common.model.Scheme;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/**
 * Sends HTTP requests to a port of a pod through the API server. OkHttp, which the Kubernetes
 * client brings, keeps the connection open between requests.
 */
final class ForwardedPort implements AutoCloseable {
  private static final OkHttpClient HTTP =
      UnverifiedTls.accept(new OkHttpClient.Builder())
          .callTimeout(Duration.ofSeconds(3))
          .followRedirects(false)
          .build();

  private final Scheme scheme;
  private final PortForward forward;

  private ForwardedPort(Scheme scheme, PortForward forward) {
    this.scheme = scheme;
    this.forward = forward;
  }

  static ForwardedPort to(ClusterAccess cluster, String namespace, String pod, int port) {
    return to(cluster, namespace, pod, Scheme.HTTP, port);
  }

  /**
   * @param scheme that the pod speaks on the port; its certificate is not verified
   */
  static ForwardedPort to(
      ClusterAccess cluster, String namespace, String pod, Scheme scheme, int port) {
    return new ForwardedPort(scheme, PortForward.start(cluster, namespace, pod, port, 0));
  }

  /** An HTTP response. */
  record Page(int status, String body) {}

  /**
   * Gets one page.
   *
   * @param authorization the value of the header Authorization
   * @return empty if the pod does not answer within 3 seconds
   * @throws CliException if the user may not forward ports
   */
  Optional<Page> get(String path, Optional<String> authorization) {
    Request.Builder request =
        new Request.Builder().url(scheme.text() + "://127.0.0.1:" + forward.localPort() + path);
    authorization.ifPresent(value -> request.header("Authorization", value));
    try (Response response = HTTP.newCall(request.build()).execute()) {
      return Optional.of(new Page(response.code(), response.body().string()));
    } catch (IOException e) {
      if (forward.failure().orElse(null) instanceof CliException.ApiRejected rejected) {
        throw rejected;
      }
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    forward.close();
  }
}
