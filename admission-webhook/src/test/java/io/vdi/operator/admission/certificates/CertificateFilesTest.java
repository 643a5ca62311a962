package io.vdi.operator.admission.certificates;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateFilesTest {
  @TempDir private Path folder;

  private final Issuer issuer = new Issuer(new SecureRandom());
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private final ServingCertificate serving = new ServingCertificate(now::get);

  @Test
  void aFolderThatIsEmptyIsNamed() {
    refresh();
    assertEquals(folder + ": tls.crt cannot be read", serving.whyNotReady());
  }

  @Test
  void whatIsExchangedIsServedAndWhatCannotBeUsedIsNot() throws IOException {
    CertificateKeyPair first = material(Duration.ofHours(1));
    write(first);
    refresh();
    assertEquals("", serving.whyNotReady());
    assertEquals(first.certificate(), serving.material().orElseThrow().certificate());

    CertificateKeyPair second = material(Duration.ofHours(1));
    Files.writeString(folder.resolve("tls.crt"), Issuer.pem(second.chain()));
    refresh();
    assertEquals(folder + ": the key does not belong to the certificate", serving.whyNotReady());
    assertEquals(first.certificate(), serving.material().orElseThrow().certificate());

    write(second);
    refresh();
    assertEquals("", serving.whyNotReady());
    assertEquals(second.certificate(), serving.material().orElseThrow().certificate());

    Files.writeString(folder.resolve("tls.key"), "-----BEGIN PRIVATE KEY-----\nsecret\n");
    refresh();
    assertEquals(folder + ": the key cannot be read", serving.whyNotReady());
    Files.writeString(folder.resolve("tls.crt"), "");
    refresh();
    assertEquals(folder + ": there is no certificate in it", serving.whyNotReady());
  }

  @Test
  void anExpiredOneIsNotReady() throws IOException {
    write(material(Duration.ofHours(1)));
    refresh();
    now.set(now.get().plus(Duration.ofHours(2)));
    assertTrue(serving.whyNotReady().startsWith("the certificate has expired at "));
  }

  @Test
  void theScriptMakesWhatIsServed() throws IOException, InterruptedException {
    Process script =
        new ProcessBuilder("../certs/local-ca.sh", folder.toString(), "127.0.0.1")
            .redirectErrorStream(true)
            .start();
    String output = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, script.waitFor(), output);
    assertTrue(output.contains("caBundle: "), output);
    refresh();
    assertEquals("", serving.whyNotReady());
  }

  private void refresh() {
    new CertificateFiles(folder, serving).refresh();
  }

  private CertificateKeyPair material(Duration life) {
    CertificateKeyPair authority = issuer.authority(now.get(), Duration.ofDays(1));
    return issuer.serving(authority, List.of("127.0.0.1"), now.get(), life);
  }

  private void write(CertificateKeyPair material) throws IOException {
    Files.writeString(folder.resolve("tls.crt"), Issuer.pem(material.chain()));
    Files.writeString(folder.resolve("tls.key"), Issuer.pem(material.key()));
  }
}
