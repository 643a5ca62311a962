package io.vdi.operator.devcluster.cluster;

import io.vdi.operator.devcluster.process.ClusterException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/** A CA, such as that of one cluster. Its key is in memory only, so it ends with the cluster. */
public final class ClusterCertificateAuthority {
  private static final int DAYS = 30;

  private final SecureRandom random = new SecureRandom();
  private final KeyPair keys;
  private final X509Certificate certificate;

  /** A certificate, or a chain of them, and its key, as PEM. */
  public record Pair(String certificate, String key) {
    /** For a server that presents the certificate. */
    public SSLContext serverContext() {
      try {
        Certificate[] chain =
            CertificateFactory.getInstance("X.509")
                .generateCertificates(
                    new ByteArrayInputStream(certificate.getBytes(StandardCharsets.US_ASCII)))
                .toArray(Certificate[]::new);
        byte[] encoded = Base64.getMimeDecoder().decode(key.replaceAll("-----[A-Z ]+-----", ""));
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
            "server",
            KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(encoded)),
            new char[0],
            chain);
        KeyManagerFactory managers =
            KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
      } catch (GeneralSecurityException | IOException e) {
        throw new ClusterException("cannot use the certificate: " + e, e);
      }
    }
  }

  /**
   * Creates a CA.
   *
   * @param name the common name
   */
  public ClusterCertificateAuthority(String name) {
    try {
      keys = newKeys();
      X500Name subject = new X500Name("CN=" + name);
      X509v3CertificateBuilder builder = builder(subject, subject, keys);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      certificate = sign(builder);
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new ClusterException("cannot create a CA: " + e, e);
    }
  }

  /** The CA certificate, as PEM. */
  public String certificate() {
    return pem(certificate);
  }

  /** Issues a serving certificate for these DNS names and IP addresses. */
  public Pair server(String name, List<String> dnsNames, List<String> addresses) {
    GeneralName[] names =
        Stream.concat(
                dnsNames.stream().map(dns -> new GeneralName(GeneralName.dNSName, dns)),
                addresses.stream().map(ip -> new GeneralName(GeneralName.iPAddress, ip)))
            .toArray(GeneralName[]::new);
    return issue(name, List.of(), KeyPurposeId.id_kp_serverAuth, names);
  }

  /** Issues a client certificate. The API server takes CN as the user and each O as a group. */
  public Pair client(String user, List<String> groups) {
    return issue(user, groups, KeyPurposeId.id_kp_clientAuth);
  }

  /** Creates a key pair for service account tokens; the certificate is the public key. */
  static Pair signingKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      KeyPair pair = generator.generateKeyPair();
      return new Pair(pem(pair.getPublic()), pem(pair.getPrivate()));
    } catch (GeneralSecurityException e) {
      throw new ClusterException("cannot create signing keys: " + e, e);
    }
  }

  /** A kubeconfig with a new client certificate and all keys embedded. */
  String kubeconfig(String server, String user, List<String> groups) {
    Pair client = client(user, groups);
    return """
    apiVersion: v1
    kind: Config
    clusters:
      - name: devcluster
        cluster: {server: "%s", certificate-authority-data: %s}
    users:
      - name: "%s"
        user: {client-certificate-data: %s, client-key-data: %s}
    contexts:
      - name: devcluster
        context: {cluster: devcluster, user: "%s"}
    current-context: devcluster
    """
        .formatted(
            server,
            base64(certificate()),
            user,
            base64(client.certificate()),
            base64(client.key()),
            user);
  }

  private Pair issue(
      String name, List<String> groups, KeyPurposeId purpose, GeneralName... alternatives) {
    try {
      KeyPair pair = newKeys();
      X500NameBuilder subject = new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, name);
      groups.forEach(group -> subject.addRDN(BCStyle.O, group));
      X509v3CertificateBuilder builder =
          builder(
              X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()),
              subject.build(),
              pair);
      builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
      if (alternatives.length > 0) {
        builder.addExtension(
            Extension.subjectAlternativeName, false, new GeneralNames(alternatives));
      }
      return new Pair(pem(sign(builder)), pem(pair.getPrivate()));
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new ClusterException("cannot issue a certificate for " + name + ": " + e, e);
    }
  }

  private X509v3CertificateBuilder builder(X500Name issuer, X500Name subject, KeyPair pair) {
    Instant now = Instant.now();
    return new JcaX509v3CertificateBuilder(
        issuer,
        new BigInteger(120, random),
        Date.from(now.minus(1, ChronoUnit.HOURS)),
        Date.from(now.plus(DAYS, ChronoUnit.DAYS)),
        subject,
        pair.getPublic());
  }

  private X509Certificate sign(X509v3CertificateBuilder builder)
      throws OperatorCreationException, GeneralSecurityException {
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
  }

  private static KeyPair newKeys() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  private static String pem(Object object) {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      // PKCS#8 for keys: not every client can read the format that BouncyCastle writes.
      writer.writeObject(
          object instanceof PrivateKey key
              ? new PemObject("PRIVATE KEY", key.getEncoded())
              : object);
    } catch (IOException e) {
      throw new ClusterException("cannot encode " + object.getClass().getSimpleName(), e);
    }
    return text.toString();
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
