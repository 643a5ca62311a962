package io.vdi.operator.admission.certificates;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateFilesTest {
  @TempDir private Path directory;

  private final Issuer issuer = new Issuer(new SecureRandom());
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private final ServingCertificate serving = new ServingCertificate(now::get, Optional.empty());

  @Test
  void anEmptyDirectoryIsReported() {
    refresh();
    assertThat(serving.whyNotReady()).isEqualTo(directory + ": tls.crt cannot be read");
  }

  @Test
  void newFilesAreServedUnlessTheyAreUnusable() throws IOException {
    CertificateKeyPair first = issue();
    write(first);
    refresh();
    assertThat(serving.whyNotReady()).isEqualTo("");
    assertThat(serving.current().orElseThrow().certificate()).isEqualTo(first.certificate());

    CertificateKeyPair second = issue();
    Files.writeString(directory.resolve("tls.crt"), Issuer.pem(second.chain()));
    refresh();
    assertThat(serving.whyNotReady())
        .isEqualTo(directory + ": the key does not belong to the certificate");
    assertThat(serving.current().orElseThrow().certificate()).isEqualTo(first.certificate());

    write(second);
    refresh();
    assertThat(serving.whyNotReady()).isEqualTo("");
    assertThat(serving.current().orElseThrow().certificate()).isEqualTo(second.certificate());

    Files.writeString(directory.resolve("tls.key"), "-----BEGIN PRIVATE KEY-----\nsecret\n");
    refresh();
    assertThat(serving.whyNotReady()).isEqualTo(directory + ": the key cannot be read");
    Files.writeString(directory.resolve("tls.crt"), "");
    refresh();
    assertThat(serving.whyNotReady()).isEqualTo(directory + ": there is no certificate in it");
  }

  @Test
  void anExpiredCertificateIsNotReady() throws IOException {
    write(issue());
    refresh();
    now.set(now.get().plus(Duration.ofHours(2)));
    assertThat(serving.whyNotReady()).startsWith("the certificate has expired at ");
  }

  @Test
  void theFilesOfTheLocalCaScriptAreServed() throws IOException, InterruptedException {
    Process script =
        new ProcessBuilder("../certs/local-ca.sh", directory.toString(), "127.0.0.1")
            .redirectErrorStream(true)
            .start();
    String output = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(script.waitFor()).as(output).isZero();
    assertThat(output).contains("caBundle: ");
    refresh();
    assertThat(serving.whyNotReady()).isEqualTo("");
  }

  private void refresh() {
    new CertificateFiles(directory, serving).refresh();
  }

  private CertificateKeyPair issue() {
    CertificateSettings settings =
        new CertificateSettings(
            Duration.ofDays(1), Duration.ofHours(1), Duration.ofHours(1), List.of("127.0.0.1"));
    return issuer.issueServing(
        issuer.issueCa(now.get(), settings.caDuration()), settings, now.get());
  }

  private void write(CertificateKeyPair pair) throws IOException {
    Files.writeString(directory.resolve("tls.crt"), Issuer.pem(pair.chain()));
    Files.writeString(directory.resolve("tls.key"), Issuer.pem(pair.key()));
  }
}
