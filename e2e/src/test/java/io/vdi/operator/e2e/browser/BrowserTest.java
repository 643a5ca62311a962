package io.vdi.operator.e2e.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrowserTest {
  @TempDir Path folder;

  @Test
  void thePasswordIsEncodedInTheUrl() {
    String url =
        Browser.withCredentials(
            URI.create("https://alice.vdi.example.com/"),
            new DesktopCredentials("ubuntu", "a@b/c"));
    assertThat(url).isEqualTo("https://ubuntu:a%40b%2Fc@alice.vdi.example.com/");
  }

  @Test
  void theFingerprintIsASha256InBase64() throws IOException {
    String fingerprint = Browser.fingerprint(TestRouter.certificate(folder));
    assertThat(Base64.getDecoder().decode(fingerprint)).hasSize(32);
  }

  @Test
  void aMissingCertificateIsReportedWithItsFile() {
    Path missing = folder.resolve("missing.crt");
    assertThatThrownBy(() -> Browser.fingerprint(missing))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining(missing.toString());
  }
}
