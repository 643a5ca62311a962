package io.vdi.operator.e2e.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageClientTest {
  @TempDir Path folder;

  @Test
  void sendsCredentialsAndResolvesEveryHostToTheRouter() throws IOException {
    Path certificate = TestRouter.certificate(folder);
    try (TestRouter router = TestRouter.start(folder, "ubuntu", "p:w")) {
      PageClient client = new PageClient("127.0.0.1", certificate);
      URI page = URI.create("https://" + TestRouter.HOST + ":" + router.port() + "/");
      assertThat(client.status(page, Optional.empty())).isEqualTo(401);
      assertThat(client.status(page, Optional.of(new DesktopCredentials("ubuntu", "guess"))))
          .isEqualTo(401);
      assertThat(client.status(page, Optional.of(new DesktopCredentials("ubuntu", "p:w"))))
          .isEqualTo(200);
    }
  }

  @Test
  void returnsZeroIfTheCertificateIsAnotherOne() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    TestRouter.certificate(folder);
    try (TestRouter router = TestRouter.start(folder, "ubuntu", "p:w")) {
      PageClient client = new PageClient("127.0.0.1", TestRouter.certificate(other));
      URI page = URI.create("https://" + TestRouter.HOST + ":" + router.port() + "/");
      assertThat(client.status(page, Optional.empty())).isEqualTo(0);
    }
  }

  @Test
  void returnsZeroIfNothingListens() throws IOException {
    PageClient client = new PageClient("127.0.0.1", TestRouter.certificate(folder));
    assertThat(client.status(URI.create("https://" + TestRouter.HOST + ":1/"), Optional.empty()))
        .isEqualTo(0);
  }

  @Test
  void rejectsAFileThatIsNoCertificate() throws IOException {
    Path file = Files.writeString(folder.resolve("no.crt"), "no certificate");
    assertThatThrownBy(() -> new PageClient("127.0.0.1", file))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining(file.toString());
  }
}
