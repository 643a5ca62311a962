package io.vdi.operator.gate.signin;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * The CA certificates of the provider in a PEM file. The file is read for each connection, so that
 * a renewed CA applies without a restart.
 */
final class TrustedCertificates {
  private record Loaded(String pem, SSLSocketFactory sockets) {}

  private final Path file;
  private volatile Optional<Loaded> loaded = Optional.empty();

  TrustedCertificates(Path file) {
    this.file = file;
  }

  /**
   * Sockets that trust the certificates of the file, and no others.
   *
   * @throws IOException if the file cannot be read, or has no certificate
   */
  SSLSocketFactory sockets() throws IOException {
    String pem = Files.readString(file, StandardCharsets.US_ASCII);
    Optional<Loaded> known = loaded.filter(last -> last.pem().equals(pem));
    if (known.isEmpty()) {
      try {
        known = Optional.of(new Loaded(pem, sockets(pem)));
      } catch (GeneralSecurityException e) {
        throw new IOException(file + " has no valid certificate: " + e.getMessage(), e);
      }
      loaded = known;
    }
    return known.get().sockets();
  }

  private static SSLSocketFactory sockets(String pem) throws GeneralSecurityException, IOException {
    Collection<? extends Certificate> certificates =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(
                new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
    if (certificates.isEmpty()) {
      throw new GeneralSecurityException("the file is empty");
    }
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    int i = 0;
    for (Certificate certificate : certificates) {
      trusted.setCertificateEntry("ca" + i++, certificate);
    }
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context.getSocketFactory();
  }
}
