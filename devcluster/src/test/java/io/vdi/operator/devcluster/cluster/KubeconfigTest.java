package io.vdi.operator.devcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubeconfigTest {
  @TempDir private Path folder;

  @Test
  void readsTheServerWithOrWithoutQuotes() throws IOException {
    assertThat(read("server: \"https://10.0.0.1:6443\"").server().getHost()).isEqualTo("10.0.0.1");
    assertThat(read("server: https://127.0.0.1:40001").server())
        .hasToString("https://127.0.0.1:40001");
  }

  @Test
  void aTokenReplacesTheClientCertificate() throws IOException {
    Kubeconfig config = read("server: https://127.0.0.1:40001");
    assertThat(config.withToken("abc"))
        .contains("\"users\":[{\"name\":\"u\",\"user\":{\"token\":\"abc\"}}]")
        .contains("\"cluster\":{\"server\":\"https://127.0.0.1:40001\"}");
    assertThat(config.content().toString()).contains("client-key-data").doesNotContain("abc");
  }

  @Test
  void aMissingFileIsNamed() {
    Path file = folder.resolve("missing");
    assertThatThrownBy(() -> Kubeconfig.read(file))
        .isInstanceOf(ClusterException.class)
        .hasMessage("cannot read " + file);
  }

  private Kubeconfig read(String server) throws IOException {
    return Kubeconfig.read(
        Files.writeString(
            folder.resolve("kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            clusters: [{name: c, cluster: {%s}}]
            users: [{name: u, user: {client-certificate-data: Yw==, client-key-data: aw==}}]
            """
                .formatted(server)));
  }
}
