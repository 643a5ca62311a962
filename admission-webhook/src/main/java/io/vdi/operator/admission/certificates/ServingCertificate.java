package io.vdi.operator.admission.certificates;

import io.helidon.common.tls.Tls;
import io.helidon.common.tls.TlsClientAuth;
import io.helidon.common.tls.TlsConfig;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The certificate that the server uses. A new one replaces it for new connections; open connections
 * keep the one they started with, so that a replacement fails no request.
 */
public final class ServingCertificate {
  /**
   * A client that resumes a session is not asked for its certificate again, so a session must not
   * outlast a change of the CA. The API server does not resume sessions.
   */
  private static final Duration SESSION_TIMEOUT = Duration.ofSeconds(1);

  private final InstantSource clock;
  private final Optional<ClientCertificates> clients;
  private volatile Optional<CertificateKeyPair> current = Optional.empty();
  private volatile String error = "there is no certificate yet";
  private Consumer<Tls> server = tls -> {};

  /**
   * @param clients the clients that are accepted; empty: clients need no certificate
   */
  public ServingCertificate(InstantSource clock, Optional<ClientCertificates> clients) {
    this.clock = clock;
    this.clients = clients;
  }

  /**
   * Connects the server: the consumer gets the current certificate, if there is one, and later each
   * new one.
   */
  public synchronized void onChange(Consumer<Tls> consumer) {
    server = consumer;
    current.map(pair -> tls(pair, clients)).ifPresent(consumer);
  }

  synchronized void use(CertificateKeyPair pair) {
    if (!current.equals(Optional.of(pair))) {
      server.accept(tls(pair, clients));
      current = Optional.of(pair);
    }
    error = "";
  }

  /** Reports why there is no newer certificate. The current one stays. */
  void fail(String reason) {
    error = reason;
  }

  Optional<CertificateKeyPair> current() {
    return current;
  }

  /** Why the certificate cannot be relied on; empty if it can. */
  public String whyNotReady() {
    return current
        .filter(pair -> pair.isExpired(clock.instant()))
        .map(pair ->
            "the certificate has expired at " + pair.certificate().getNotAfter().toInstant())
        .map(expired -> error.isEmpty() ? expired : expired + "; " + error)
        .orElse(error);
  }

  /** When it expires, in seconds since 1970; 0 if there is none. */
  public long expiryEpochSeconds() {
    return current
        .map(pair -> pair.certificate().getNotAfter().toInstant().getEpochSecond())
        .orElse(0L);
  }

  /**
   * The certificate as Helidon takes it at the start and in {@code WebServer.reloadTls}
   * (docs/decisions/helidon-facilities.md). Both fail without trusted certificates, which a server
   * that asks for no client certificate does not use. The key store type JKS accepts a chain in any
   * order, as clients do; the default, PKCS12, does not.
   */
  static Tls tls(CertificateKeyPair pair, Optional<ClientCertificates> clients) {
    TlsConfig.Builder tls =
        Tls.builder()
            .privateKey(pair.key())
            .privateKeyCertChain(pair.chain())
            .trust(pair.chain())
            .internalKeystoreType("JKS")
            .enabledProtocols(List.of("TLSv1.3", "TLSv1.2"));
    clients.ifPresent(required ->
        tls.clientAuth(TlsClientAuth.REQUIRED)
            .manager(new ClientTlsManager(required))
            .sessionTimeout(SESSION_TIMEOUT));
    return tls.build();
  }
}
