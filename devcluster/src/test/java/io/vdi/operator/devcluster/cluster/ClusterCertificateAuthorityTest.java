package io.vdi.operator.devcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterCertificateAuthorityTest {
  private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
  private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

  private final ClusterCertificateAuthority authority = new ClusterCertificateAuthority("test");

  @Test
  void theCaSignsItself() throws Exception {
    X509Certificate ca = certificate(authority.certificate());
    assertThat(ca.getSubjectX500Principal().getName()).isEqualTo("CN=test");
    assertThat(ca.getBasicConstraints()).as("path length of a CA").isNotNegative();
    assertThatCode(() -> ca.verify(ca.getPublicKey())).doesNotThrowAnyException();
  }

  @Test
  void aServingCertificateHasItsNamesAndAddresses() throws Exception {
    ClusterCertificateAuthority.Pair pair =
        authority.server(
            "router", List.of("a.example.com", "*.b.example.com"), List.of("10.0.0.1"));
    X509Certificate certificate = certificate(pair.certificate());
    certificate.verify(certificate(authority.certificate()).getPublicKey());
    certificate.checkValidity();
    assertThat(certificate.getExtendedKeyUsage()).containsExactly(SERVER_AUTH);
    assertThat(certificate.getSubjectAlternativeNames())
        .map(name -> String.valueOf(name.get(1)))
        .containsExactly("a.example.com", "*.b.example.com", "10.0.0.1");
    assertThat(certificate.getBasicConstraints()).as("not a CA").isNegative();
    assertKeyMatches(pair.key(), certificate.getPublicKey(), "EC", "SHA256withECDSA");
  }

  @Test
  void aClientCertificateHasUserAndGroups() throws Exception {
    X509Certificate certificate =
        certificate(authority.client("system:node:n", List.of("g1", "g2")).certificate());
    assertThat(certificate.getSubjectX500Principal().getName())
        .isEqualTo("O=g2,O=g1,CN=system:node:n");
    assertThat(certificate.getExtendedKeyUsage()).containsExactly(CLIENT_AUTH);
  }

  @Test
  void anotherCaDoesNotVouchForACertificate() throws Exception {
    X509Certificate certificate = certificate(authority.client("u", List.of()).certificate());
    PublicKey other =
        certificate(new ClusterCertificateAuthority("test").certificate()).getPublicKey();
    assertThatThrownBy(() -> certificate.verify(other)).isInstanceOf(SignatureException.class);
  }

  @Test
  void aKubeconfigHasTheCaAndAClientCertificate() throws Exception {
    JsonObject config =
        Manifests.parse(authority.kubeconfig("https://10.0.0.1:6443", "admin", List.of("masters")))
            .getFirst();
    JsonObject cluster = first(config, "clusters").getAsJsonObject("cluster");
    JsonObject user = first(config, "users").getAsJsonObject("user");
    assertThat(new Kubeconfig(config).server()).hasToString("https://10.0.0.1:6443");
    assertThat(decoded(cluster, "certificate-authority-data")).isEqualTo(authority.certificate());
    X509Certificate client = certificate(decoded(user, "client-certificate-data"));
    assertThat(client.getSubjectX500Principal().getName()).isEqualTo("O=masters,CN=admin");
    assertKeyMatches(
        decoded(user, "client-key-data"), client.getPublicKey(), "EC", "SHA256withECDSA");
  }

  @Test
  void signingKeysBelongTogether() throws Exception {
    ClusterCertificateAuthority.Pair pair = ClusterCertificateAuthority.signingKeys();
    PublicKey key =
        KeyFactory.getInstance("RSA")
            .generatePublic(new X509EncodedKeySpec(bytes(pair.certificate(), "PUBLIC KEY")));
    assertKeyMatches(pair.key(), key, "RSA", "SHA256withRSA");
  }

  private static void assertKeyMatches(
      String pem, PublicKey expected, String algorithm, String signature)
      throws GeneralSecurityException {
    PrivateKey key =
        KeyFactory.getInstance(algorithm)
            .generatePrivate(new PKCS8EncodedKeySpec(bytes(pem, "PRIVATE KEY")));
    Signature signer = Signature.getInstance(signature);
    signer.initSign(key);
    signer.update((byte) 1);
    byte[] signed = signer.sign();
    signer.initVerify(expected);
    signer.update((byte) 1);
    assertThat(signer.verify(signed)).as("the key signs for the public key").isTrue();
  }

  private static JsonObject first(JsonObject config, String list) {
    return config.getAsJsonArray(list).get(0).getAsJsonObject();
  }

  private static String decoded(JsonObject object, String field) {
    return new String(
        Base64.getDecoder().decode(object.get(field).getAsString()), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String pem, String type) {
    assertThat(pem).startsWith("-----BEGIN " + type + "-----");
    return Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
  }

  private static X509Certificate certificate(String pem) throws GeneralSecurityException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
  }
}
