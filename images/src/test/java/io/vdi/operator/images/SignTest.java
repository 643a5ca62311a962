package io.vdi.operator.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The signatures of images/bin/sign, verified by another implementation than the one that signs.
 */
class SignTest {
  @TempDir Path folder;
  private Path archive;

  @BeforeEach
  void archive() throws IOException {
    archive = Files.writeString(folder.resolve("controller.tar"), "the archive");
  }

  @Test
  void theSignatureIsOfTheFileAndOfNoOther() throws IOException, GeneralSecurityException {
    sign(Map.of());
    assertThat(isSignedBy(archive)).isTrue();
    Files.writeString(archive, "another archive");
    assertThat(isSignedBy(archive)).isFalse();
  }

  @Test
  void theKeyOfTheMachineIsGeneratedOnceAndReadableByItsOwnerOnly() throws IOException {
    sign(Map.of());
    String first = Files.readString(folder.resolve("cosign.pub"));
    sign(Map.of());
    assertThat(folder.resolve("cosign.pub")).hasContent(first);
    assertThat(Files.getPosixFilePermissions(folder.resolve("cache/signing/development.key")))
        .hasToString("[OWNER_READ, OWNER_WRITE]");
  }

  @Test
  void aKeyThatCannotSignIsNamed() throws IOException {
    Path key = Files.writeString(folder.resolve("release.key"), "no key");
    assertThatThrownBy(() -> sign(Map.of("SIGNING_KEY", key.toString())))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining("SIGNING_KEY: " + key + " is not an unencrypted EC P-256 key in PEM");
    assertThatThrownBy(() -> sign(Map.of("SIGNING_KEY", key + ".missing")))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining("SIGNING_KEY: cannot read " + key + ".missing");
  }

  private void sign(Map<String, String> environment) {
    Map<String, String> all = new HashMap<>(environment);
    all.putIfAbsent("SIGNING_KEY", "");
    all.put("VDI_CACHE", folder.resolve("cache").toString());
    Command.run(List.of("bin/sign", archive.toString()), all);
  }

  private boolean isSignedBy(Path file) throws IOException, GeneralSecurityException {
    String pem =
        Files.readString(folder.resolve("cosign.pub")).replaceAll("-----[A-Z ]+-----|\\s", "");
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initVerify(
        KeyFactory.getInstance("EC")
            .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(pem))));
    signature.update(Files.readAllBytes(file));
    return signature.verify(
        Base64.getDecoder().decode(Files.readString(folder.resolve("controller.tar.sig"))));
  }
}
