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

/**
 * How to reach the cluster: a kubeconfig file where one is named, else the pod's service account.
 */
public final class KubeClientFactory {
  /** No single call may take longer, so that a dead connection cannot hold a worker for long. */
  static final Duration CALL_TIMEOUT = Duration.ofSeconds(15);

  private KubeClientFactory() {}

  /** Raised with a sentence for the user: what is wrong with the way to the cluster. */
  public static final class ClusterUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    ClusterUnavailableException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Connects to what KUBECONFIG names (its first file), or to the cluster that this pod runs in.
   */
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
   * Connects as this kubeconfig file says.
   *
   * @param http a last word on the HTTP client, for callers that want to see or count calls
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

  /** Connects as this kubeconfig's current context says. */
  public static KubeClient of(KubeConfig config) throws ClusterUnavailableException {
    return connect(
        "the kubeconfig", () -> ClientBuilder.kubeconfig(config), UnaryOperator.identity());
  }

  /** What a kubeconfig file says; other files that it names are beside it. */
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
   * HTTP/2 carries hundreds of calls over one connection; okhttp opens another where the server's
   * stream limit is reached. Its dispatcher's limits (5 calls a host) bind only asynchronous calls,
   * and are lifted all the same so that no later change of style runs into them.
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
