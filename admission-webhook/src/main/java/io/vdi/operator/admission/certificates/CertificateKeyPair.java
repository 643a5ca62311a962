package io.vdi.operator.admission.certificates;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/**
 * A certificate with its chain, and the key that belongs to it.
 *
 * @param chain the certificate itself first
 */
record CertificateKeyPair(List<X509Certificate> chain, PrivateKey key) {
  private static final byte[] PROBE =
      "does this key belong to this certificate?".getBytes(StandardCharsets.UTF_8);

  /** Certificates or a key that cannot be used, and why. */
  static final class InvalidCertificateException extends Exception {
    private static final long serialVersionUID = 1L;

    InvalidCertificateException(String message) {
      super(message);
    }
  }

  X509Certificate certificate() {
    return chain.getFirst();
  }

  /** Two thirds of the certificate's life, when it is to be renewed; spec.md section 6. */
  Instant renewal() {
    return renewal(certificate());
  }

  static Instant renewal(X509Certificate certificate) {
    long start = certificate.getNotBefore().toInstant().toEpochMilli();
    long end = certificate.getNotAfter().toInstant().toEpochMilli();
    return Instant.ofEpochMilli(start + (end - start) * 2 / 3);
  }

  boolean isExpired(Instant now) {
    return !now.isBefore(certificate().getNotAfter().toInstant());
  }

  /** Both as PEM; the key in PKCS#8, PKCS#1 or SEC1, without a passphrase. */
  static CertificateKeyPair parse(String certificates, String key)
      throws InvalidCertificateException {
    List<X509Certificate> chain = certificates(certificates);
    if (chain.isEmpty()) {
      throw new InvalidCertificateException("there is no certificate in it");
    }
    CertificateKeyPair material = new CertificateKeyPair(chain, key(key));
    if (!material.belongTogether()) {
      throw new InvalidCertificateException("the key does not belong to the certificate");
    }
    return material;
  }

  static List<X509Certificate> certificates(String pem) throws InvalidCertificateException {
    List<X509Certificate> found = new ArrayList<>();
    try (PEMParser parser = new PEMParser(new StringReader(pem))) {
      for (Object o = parser.readObject(); o != null; o = parser.readObject()) {
        if (o instanceof X509CertificateHolder holder) {
          found.add(new JcaX509CertificateConverter().getCertificate(holder));
        }
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw new InvalidCertificateException("the certificate cannot be read");
    }
    return List.copyOf(found);
  }

  static PrivateKey key(String pem) throws InvalidCertificateException {
    JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
    try (PEMParser parser = new PEMParser(new StringReader(pem))) {
      for (Object o = parser.readObject(); o != null; o = parser.readObject()) {
        if (o instanceof PrivateKeyInfo info) {
          return converter.getPrivateKey(info);
        }
        if (o instanceof PEMKeyPair pair) {
          return converter.getPrivateKey(pair.getPrivateKeyInfo());
        }
      }
    } catch (IOException | RuntimeException e) {
      // The parser's words may hold a piece of the key.
      throw new InvalidCertificateException("the key cannot be read");
    }
    throw new InvalidCertificateException(
        "there is no private key in it, or it needs a passphrase");
  }

  private boolean belongTogether() throws InvalidCertificateException {
    String algorithm =
        key.getAlgorithm().startsWith("EC") ? "SHA256withECDSA" : "SHA256with" + key.getAlgorithm();
    try {
      Signature signature =
          Signature.getInstance(key.getAlgorithm().startsWith("Ed") ? "EdDSA" : algorithm);
      signature.initSign(key);
      signature.update(PROBE);
      byte[] signed = signature.sign();
      signature.initVerify(certificate().getPublicKey());
      signature.update(PROBE);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
