package io.vdi.operator.admission.certificates;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import javax.security.auth.x500.X500Principal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The clients that the admission port accepts: those with a certificate that the CA in a file has
 * signed, and with one of the allowed names. Other clients fail in the handshake. The file is
 * usually a mounted ConfigMap or Secret; a changed file applies to new connections. If it becomes
 * unusable, the former CA stays, and health and log report the reason. Without a CA no client is
 * accepted. docs/specification.md, section 4.
 */
public final class ClientCertificates implements CertificateSource {
  private static final Logger LOG = LoggerFactory.getLogger(ClientCertificates.class);

  private final Path file;
  private final Supplier<List<String>> names;
  private final RefusedClients refused;
  private volatile Optional<X509TrustManager> ca = Optional.empty();
  private volatile String error = "there is no CA for clients yet";
  private String lastContent = "";

  /**
   * @param file the CA certificates as PEM
   * @param names common names that clients may have, as they are set now; empty: any name
   */
  public ClientCertificates(Path file, Supplier<List<String>> names, RefusedClients refused) {
    this.file = file;
    this.names = names;
    this.refused = refused;
  }

  @Override
  public void refresh() {
    try {
      String content = Files.readString(file);
      if (!content.equals(lastContent)) {
        ca = Optional.of(trusting(content));
        lastContent = content;
        LOG.info("requiring client certificates of the CA in {}", file);
      }
      error = "";
    } catch (IOException e) {
      fail("cannot be read");
    } catch (CertificateKeyPair.InvalidCertificateException | GeneralSecurityException e) {
      fail(e.getMessage());
    }
  }

  private void fail(String reason) {
    String message = file + ": " + reason;
    if (!error.equals(message)) {
      LOG.error("{}", message);
    }
    error = message;
  }

  private static X509TrustManager trusting(String pem)
      throws CertificateKeyPair.InvalidCertificateException, GeneralSecurityException, IOException {
    List<X509Certificate> certificates = CertificateKeyPair.certificates(pem);
    if (certificates.isEmpty()) {
      throw new CertificateKeyPair.InvalidCertificateException("there is no certificate in it");
    }
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    for (int i = 0; i < certificates.size(); i++) {
      store.setCertificateEntry("ca-" + i, certificates.get(i));
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return Arrays.stream(factory.getTrustManagers())
        .filter(X509TrustManager.class::isInstance)
        .map(X509TrustManager.class::cast)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("every Java platform checks X.509"));
  }

  /** Why clients cannot be authenticated; empty if they can. */
  public String whyNotReady() {
    return error;
  }

  RefusedClients refused() {
    return refused;
  }

  /** Decides by the CA and the names of the moment. */
  X509TrustManager trustManager() {
    return new X509TrustManager() {
      @Override
      public void checkClientTrusted(X509Certificate[] chain, String type)
          throws CertificateException {
        ca.orElseThrow(() -> new CertificateException(error)).checkClientTrusted(chain, type);
        requireAllowedName(chain[0].getSubjectX500Principal());
      }

      @Override
      public void checkServerTrusted(X509Certificate[] chain, String type)
          throws CertificateException {
        throw new CertificateException("a server calls no server with this configuration");
      }

      /** Clients choose their certificate by these names. */
      @Override
      public X509Certificate[] getAcceptedIssuers() {
        return ca.map(X509TrustManager::getAcceptedIssuers).orElse(new X509Certificate[0]);
      }
    };
  }

  private void requireAllowedName(X500Principal subject) throws CertificateException {
    List<String> allowed = names.get();
    if (!allowed.isEmpty() && commonName(subject).filter(allowed::contains).isEmpty()) {
      throw new CertificateException(
          "the subject \"%s\" is not in admission.clientNames".formatted(subject));
    }
  }

  private static Optional<String> commonName(X500Principal subject) {
    try {
      return new LdapName(subject.getName())
          .getRdns().stream()
              .filter(rdn -> rdn.getType().equalsIgnoreCase("CN"))
              .map(Rdn::getValue)
              .map(String::valueOf)
              .findFirst();
    } catch (InvalidNameException e) {
      return Optional.empty();
    }
  }
}
