package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kubernetes.client.util.KubeConfig;
import io.vdi.operator.common.kube.KubeClientFactory.ClusterUnavailableException;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubeClientFactoryTest {
  @TempDir private Path directory;

  @Test
  @DisplayName("a kubeconfig file leads to its cluster, with the caller's HTTP client settings")
  void kubeconfig() throws Exception {
    try (FakeApiServer server = FakeApiServer.start()) {
      AtomicInteger calls = new AtomicInteger();
      KubeClient api =
          KubeClientFactory.fromKubeconfig(
              write(server.kubeconfig()),
              http ->
                  http.addInterceptor(chain -> {
                    calls.incrementAndGet();
                    return chain.proceed(chain.request());
                  }));
      assertThat(api.list(ResourceType.POD, "", "").orElseThrow().items()).isEmpty();
      assertThat(calls).hasValue(1);
      assertThat(server.onlyRequest().headers()).containsEntry("Authorization", "Bearer secret");
      api.close();
    }
  }

  @Test
  @DisplayName("calls have a time limit, watches have none")
  void timeouts() throws Exception {
    try (FakeApiServer server = FakeApiServer.start()) {
      KubeClient api = server.client();
      assertThat(api.streamingClient().getHttpClient().callTimeoutMillis()).isZero();
      assertThat(api.streamingClient().getHttpClient().readTimeoutMillis()).isZero();
      assertThat(api.streamingClient().getHttpClient().connectTimeoutMillis()).isEqualTo(5000);
      assertThat(KubeClientFactory.CALL_TIMEOUT.toSeconds()).isEqualTo(15);
      api.close();
    }
  }

  @Test
  @DisplayName("a missing kubeconfig file is reported with its path and what to do")
  void missingFile() {
    Path file = directory.resolve("missing");
    assertThatThrownBy(() -> KubeClientFactory.fromKubeconfig(file, UnaryOperator.identity()))
        .isInstanceOf(ClusterUnavailableException.class)
        .hasMessage(
            "KUBECONFIG names " + file + ", which is not a readable file: correct it or unset it");
  }

  @Test
  @DisplayName("a kubeconfig that is not YAML, or has no cluster, is reported with its path")
  void badFile() throws IOException {
    Path broken = write("{apiVersion: v1, clusters: [");
    assertThatThrownBy(() -> KubeClientFactory.fromKubeconfig(broken, UnaryOperator.identity()))
        .isInstanceOf(ClusterUnavailableException.class)
        .hasMessageStartingWith("kubeconfig " + broken + " cannot be used: ");
    Path text = write("just text");
    assertThatThrownBy(() -> KubeClientFactory.fromKubeconfig(text, UnaryOperator.identity()))
        .isInstanceOf(ClusterUnavailableException.class)
        .hasMessageStartingWith("kubeconfig " + text + " cannot be used: ");
  }

  @Test
  @DisplayName("certificates that a kubeconfig names are looked up beside it")
  void relativePaths() throws Exception {
    Path file =
        write(
            """
            {apiVersion: v1, kind: Config, current-context: c,
             clusters: [{name: c, cluster: {server: 'https://localhost:1', certificate-authority: ca.crt}}],
             users: [{name: c, user: {}}], contexts: [{name: c, context: {cluster: c, user: c}}]}
            """);
    KubeConfig config = KubeClientFactory.readKubeconfig(file);
    assertThat(config.getServer()).isEqualTo("https://localhost:1");
    assertThatThrownBy(() -> KubeClientFactory.of(config))
        .isInstanceOf(ClusterUnavailableException.class)
        .hasMessageStartingWith("the kubeconfig cannot be used: ")
        .hasMessageContaining(directory.resolve("ca.crt").toString());
  }

  @Test
  @DisplayName("without KUBECONFIG and outside of a pod the message says how to connect")
  void noCluster() {
    assumeTrue(System.getenv("KUBECONFIG") == null);
    assumeTrue(System.getenv("KUBERNETES_SERVICE_HOST") == null);
    assertThatThrownBy(KubeClientFactory::fromEnvironment)
        .isInstanceOf(ClusterUnavailableException.class)
        .hasMessage(
            "no cluster to connect to: set KUBECONFIG to a kubeconfig file, or run in a pod with a"
                + " service account");
  }

  private Path write(String content) throws IOException {
    return Files.writeString(directory.resolve("config"), content);
  }
}
