package io.vdi.operator.common.kube;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.KubeConfig;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;

/** Creates clients from a kubeconfig file or from the pod's service account. */
public final class KubeClientFactory {
  /** The time limit of a call, so that a dead connection does not block a worker. */
  static final Duration CALL_TIMEOUT = Duration.ofSeconds(15);

  private KubeClientFactory() {}

  /** There is no usable connection to a cluster. The message is for the user. */
  public static final class ClusterUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    ClusterUnavailableException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** A client for the first file that KUBECONFIG names, or for the cluster of this pod. */
  public static KubeClient fromEnvironment() throws ClusterUnavailableException {
    String kubeconfig = System.getenv("KUBECONFIG");
    if (kubeconfig != null && !kubeconfig.isBlank()) {
      return fromKubeconfig(Path.of(kubeconfig.split(":", -1)[0]), UnaryOperator.identity());
    }
    if (System.getenv("KUBERNETES_SERVICE_HOST") == null) {
      throw new ClusterUnavailableException(
          "no cluster to connect to: set KUBECONFIG to a kubeconfig file, or run in a pod with a"
              + " service account",
          null);
    }
    return connect("the pod's service account", ClientBuilder::cluster, UnaryOperator.identity());
  }

  /**
   * A client for the current context of a kubeconfig file.
   *
   * @param http changes the HTTP client, for example to count calls
   */
  public static KubeClient fromKubeconfig(Path file, UnaryOperator<OkHttpClient.Builder> http)
      throws ClusterUnavailableException {
    if (!Files.isReadable(file)) {
      throw new ClusterUnavailableException(
          "KUBECONFIG names " + file + ", which is not a readable file: correct it or unset it",
          null);
    }
    return connect(
        "kubeconfig " + file, () -> ClientBuilder.kubeconfig(readKubeconfig(file)), http);
  }

  /** A client for the current context of a kubeconfig. */
  public static KubeClient of(KubeConfig config) throws ClusterUnavailableException {
    return connect(
        "the kubeconfig", () -> ClientBuilder.kubeconfig(config), UnaryOperator.identity());
  }

  /** Reads a kubeconfig file. Relative paths in it refer to its directory. */
  public static KubeConfig readKubeconfig(Path file) throws IOException {
    try (Reader reader = Files.newBufferedReader(file)) {
      KubeConfig config = KubeConfig.loadKubeConfig(reader);
      config.setFile(file.toFile());
      return config;
    }
  }

  private interface Source {
    ClientBuilder get() throws IOException;
  }

  private static KubeClient connect(
      String what, Source source, UnaryOperator<OkHttpClient.Builder> http)
      throws ClusterUnavailableException {
    KubeGson.install();
    try {
      return new KubeClient(
          client(source.get(), http, CALL_TIMEOUT), client(source.get(), http, Duration.ZERO));
    } catch (IOException | RuntimeException e) {
      throw new ClusterUnavailableException(what + " cannot be used: " + rootMessage(e), e);
    }
  }

  /**
   * With HTTP/2 one connection carries hundreds of calls; OkHttp opens another when the server's
   * stream limit is reached. The limits of its dispatcher (5 calls per host) apply only to
   * asynchronous calls; they are raised so that such calls are never throttled.
   */
  private static ApiClient client(
      ClientBuilder builder, UnaryOperator<OkHttpClient.Builder> http, Duration timeout) {
    ApiClient client =
        builder.setReadTimeout(timeout).setPingInterval(Duration.ofSeconds(15)).build();
    Dispatcher dispatcher = new Dispatcher();
    dispatcher.setMaxRequests(1024);
    dispatcher.setMaxRequestsPerHost(1024);
    client.setHttpClient(
        http.apply(
                client
                    .getHttpClient()
                    .newBuilder()
                    .dispatcher(dispatcher)
                    .connectionPool(new ConnectionPool(32, 5, TimeUnit.MINUTES))
                    .connectTimeout(Duration.ofSeconds(5))
                    .callTimeout(timeout))
            .build());
    return client;
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }
}
