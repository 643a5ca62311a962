package io.vdi.operator.admission.certificates;

import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

/** A client with or without a certificate. It resumes its sessions, as browsers do. */
public final class TlsClient {
  private static final char[] PASSWORD = "changeit".toCharArray();

  private final SSLContext context;

  /**
   * @param ca that the client trusts, as PEM
   * @param certificate its own certificate
   */
  public TlsClient(String ca, Optional<ClusterCertificateAuthority.Pair> certificate) {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("ca", parse(ca));
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      context = SSLContext.getInstance("TLS");
      context.init(
          certificate.isPresent() ? keys(certificate.get()) : new KeyManager[0],
          trust.getTrustManagers(),
          null);
    } catch (GeneralSecurityException
        | IOException
        | CertificateKeyPair.InvalidCertificateException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyManager[] keys(ClusterCertificateAuthority.Pair pair)
      throws GeneralSecurityException, IOException, CertificateKeyPair.InvalidCertificateException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "client",
        CertificateKeyPair.parse(pair.certificate(), pair.key()).key(),
        PASSWORD,
        new Certificate[] {parse(pair.certificate())});
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, PASSWORD);
    return new KeyManager[] {new AlwaysSends((X509ExtendedKeyManager) factory.getKeyManagers()[0])};
  }

  /** Sends the certificate also to a server that has not named its CA. */
  private static final class AlwaysSends extends X509ExtendedKeyManager {
    private final X509ExtendedKeyManager keys;
    private final String alias;

    AlwaysSends(X509ExtendedKeyManager keys) {
      this.keys = keys;
      this.alias = keys.getClientAliases("EC", new Principal[0])[0];
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return alias;
    }

    @Override
    public X509Certificate[] getCertificateChain(String name) {
      return keys.getCertificateChain(name);
    }

    @Override
    public PrivateKey getPrivateKey(String name) {
      return keys.getPrivateKey(name);
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return new String[] {alias};
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return new String[0];
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return "";
    }
  }

  private static Certificate parse(String pem) throws GeneralSecurityException {
    return CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * The first line of the answer to a request, or {@code refused} when the handshake fails.
   *
   * @param protocol such as {@code TLSv1.3}
   */
  public String request(int port, String protocol) throws IOException {
    try (SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(20_000);
      socket.setEnabledProtocols(new String[] {protocol});
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      byte[] buffer = new byte[4096];
      int length = socket.getInputStream().read(buffer);
      return length < 0
          ? "closed"
          : new String(buffer, 0, length, StandardCharsets.UTF_8).split("\r\n", -1)[0];
    } catch (SSLException | SocketException e) {
      return "refused";
    }
  }
}
