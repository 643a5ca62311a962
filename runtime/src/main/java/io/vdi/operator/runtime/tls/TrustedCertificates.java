package io.vdi.operator.runtime.tls;

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
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * The CA certificates of a server in a PEM file. The file is read for each connection, so that a
 * renewed CA applies without a restart.
 */
public final class TrustedCertificates {
  /** Sockets that trust the certificates of the file and no others, and what makes them do so. */
  public record Trust(SSLSocketFactory sockets, X509TrustManager manager) {}

  private record Loaded(String pem, Trust trust) {}

  private final Path file;
  private volatile Optional<Loaded> loaded = Optional.empty();

  public TrustedCertificates(Path file) {
    this.file = file;
  }

  /**
   * Sockets that trust the certificates of the file, and no others.
   *
   * @throws IOException if the file cannot be read, or has no certificate
   */
  public SSLSocketFactory sockets() throws IOException {
    return trust().sockets();
  }

  /**
   * The same with the trust manager, which some HTTP clients ask for.
   *
   * @throws IOException if the file cannot be read, or has no certificate
   */
  public Trust trust() throws IOException {
    String pem = Files.readString(file, StandardCharsets.US_ASCII);
    Optional<Loaded> known = loaded.filter(last -> last.pem().equals(pem));
    if (known.isEmpty()) {
      try {
        known = Optional.of(new Loaded(pem, trust(pem)));
      } catch (GeneralSecurityException e) {
        throw new IOException(file + " has no valid certificate: " + e.getMessage(), e);
      }
      loaded = known;
    }
    return known.get().trust();
  }

  private static Trust trust(String pem) throws GeneralSecurityException, IOException {
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
    for (TrustManager manager : managers.getTrustManagers()) {
      if (manager instanceof X509TrustManager x509) {
        return new Trust(context.getSocketFactory(), x509);
      }
    }
    throw new GeneralSecurityException("the platform has no X509TrustManager");
  }
}
