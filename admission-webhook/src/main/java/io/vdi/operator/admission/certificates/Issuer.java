package io.vdi.operator.admission.certificates;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/** Issues CAs and serving certificates: P-256 keys, ECDSA with SHA-256. */
final class Issuer {
  /** How far the clocks of API servers can be behind ours without refusing a new certificate. */
  private static final Duration MAX_CLOCK_SKEW = Duration.ofMinutes(5);

  private final SecureRandom random;

  Issuer(SecureRandom random) {
    this.random = random;
  }

  /** A self-signed CA that cannot sign other CAs. */
  CertificateKeyPair issueCa(Instant now, Duration duration) {
    try {
      KeyPair keys = newKeys();
      // The name contains the serial number, so that two CAs never have the same name.
      BigInteger serial = new BigInteger(120, random);
      X500Name name = new X500Name("CN=vdi-admission-webhook-ca-" + serial.toString(36));
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name,
              serial,
              notBefore(now, duration),
              Date.from(now.plus(duration)),
              name,
              keys.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
      return new CertificateKeyPair(List.of(sign(builder, keys.getPrivate())), keys.getPrivate());
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new IllegalStateException("cannot issue a CA", e);
    }
  }

  /** A serving certificate. It is never valid for longer than its CA. */
  CertificateKeyPair issueServing(
      CertificateKeyPair ca, CertificateSettings settings, Instant now) {
    try {
      KeyPair keys = newKeys();
      X509Certificate issuer = ca.certificate();
      Duration duration = settings.leafDuration();
      Instant end = now.plus(duration);
      Instant latest = issuer.getNotAfter().toInstant();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              new BigInteger(120, random),
              notBefore(now, duration),
              Date.from(end.isBefore(latest) ? end : latest),
              new X500Name("CN=vdi-admission-webhook"),
              keys.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(issuer));
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(
              settings.dnsNames().stream().map(Issuer::name).toArray(GeneralName[]::new)));
      return new CertificateKeyPair(List.of(sign(builder, ca.key()), issuer), keys.getPrivate());
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new IllegalStateException("cannot issue a serving certificate", e);
    }
  }

  /**
   * Earlier than now, for clients whose clocks are behind; at most a tenth of the lifetime, so that
   * a short-lived certificate is not due for renewal immediately.
   */
  private static Date notBefore(Instant now, Duration duration) {
    Duration tenth = duration.dividedBy(10);
    return Date.from(now.minus(tenth.compareTo(MAX_CLOCK_SKEW) < 0 ? tenth : MAX_CLOCK_SKEW));
  }

  private static GeneralName name(String text) {
    boolean address = text.matches("[0-9.]+|.*:.*");
    return new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, text);
  }

  private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
      throws OperatorCreationException, GeneralSecurityException {
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
  }

  private KeyPair newKeys() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"), random);
    return generator.generateKeyPair();
  }

  static String pem(List<X509Certificate> certificates) {
    StringBuilder text = new StringBuilder();
    certificates.forEach(certificate -> text.append(write(certificate)));
    return text.toString();
  }

  static String pem(PrivateKey key) {
    return write(new PemObject("PRIVATE KEY", key.getEncoded()));
  }

  private static String write(Object object) {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(object);
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return text.toString();
  }
}
