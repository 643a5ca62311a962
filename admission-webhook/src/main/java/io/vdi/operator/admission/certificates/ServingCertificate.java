package io.vdi.operator.admission.certificates;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * What is served now. Each new connection gets the latest; connections that are open keep what they
 * began with, so that an exchange disturbs nobody.
 */
public final class ServingCertificate {
  private static final String ALIAS = "serving";

  private final AtomicReference<Optional<CertificateKeyPair>> current =
      new AtomicReference<>(Optional.empty());
  private final InstantSource clock;
  private volatile String trouble = "there is no certificate yet";

  public ServingCertificate(InstantSource clock) {
    this.clock = clock;
  }

  void use(CertificateKeyPair material) {
    current.set(Optional.of(material));
    trouble = "";
  }

  /** What is served stays; this is why nothing newer is. */
  void trouble(String words) {
    trouble = words;
  }

  Optional<CertificateKeyPair> material() {
    return current.get();
  }

  /** Why it must not be relied on; empty where all is well. */
  public String whyNotReady() {
    return current
        .get()
        .filter(material -> material.isExpired(clock.instant()))
        .map(material ->
            "the certificate has expired at " + material.certificate().getNotAfter().toInstant())
        .map(expired -> trouble.isEmpty() ? expired : expired + "; " + trouble)
        .orElse(trouble);
  }

  /** When it expires, in seconds since 1970; 0 where there is none. */
  public long expiryEpochSeconds() {
    return current
        .get()
        .map(material -> material.certificate().getNotAfter().toInstant().getEpochSecond())
        .orElse(0L);
  }

  /** For the server's sockets, once; it follows every exchange. */
  public SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {new Keys()}, null, new SecureRandom());
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has TLS", e);
    }
  }

  private final class Keys extends X509ExtendedKeyManager {
    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
      return chooseServerAlias(keyType, issuers, null);
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
      return current
          .get()
          .filter(material -> material.key().getAlgorithm().equals(keyType))
          .map(material -> ALIAS)
          .orElse(null);
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return current
          .get()
          .map(material -> material.chain().toArray(X509Certificate[]::new))
          .orElse(null);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return current.get().map(CertificateKeyPair::key).orElse(null);
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
      return new String[0];
    }

    @Override
    public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
      return null;
    }
  }
}
