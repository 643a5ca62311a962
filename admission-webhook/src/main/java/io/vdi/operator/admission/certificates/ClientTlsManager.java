package io.vdi.operator.admission.certificates;

import io.helidon.common.tls.ConfiguredTlsManager;
import io.helidon.common.tls.TlsConfig;
import java.security.SecureRandom;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * Makes Helidon ask our {@link ClientCertificates} about clients, and counts handshakes that fail,
 * which Helidon does not report.
 */
final class ClientTlsManager extends ConfiguredTlsManager {
  private final ClientCertificates clients;

  ClientTlsManager(ClientCertificates clients) {
    super("client-certificates", "client-certificates");
    this.clients = clients;
  }

  @Override
  protected void initSslContext(
      TlsConfig config, SecureRandom random, KeyManager[] keys, TrustManager[] ignored) {
    super.initSslContext(config, random, keys, new TrustManager[] {clients.trustManager()});
  }

  @Override
  public SSLContext sslContext() {
    return new ObservedSslContext(super.sslContext(), clients.refused()::record);
  }
}
