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
 * A certificate with its chain and its private key.
 *
 * @param chain starts with the certificate itself
 */
record CertificateKeyPair(List<X509Certificate> chain, PrivateKey key) {
  private static final byte[] PROBE =
      "does this key belong to this certificate?".getBytes(StandardCharsets.UTF_8);

  /** The certificates or the key are unusable; the message says why. */
  static final class InvalidCertificateException extends Exception {
    private static final long serialVersionUID = 1L;

    InvalidCertificateException(String message) {
      super(message);
    }
  }

  X509Certificate certificate() {
    return chain.getFirst();
  }

  /** When to renew it: after two thirds of its lifetime; docs/specification.md, section 6. */
  Instant renewAt() {
    long start = certificate().getNotBefore().toInstant().toEpochMilli();
    long end = certificate().getNotAfter().toInstant().toEpochMilli();
    return Instant.ofEpochMilli(start + (end - start) * 2 / 3);
  }

  boolean isExpired(Instant now) {
    return !now.isBefore(certificate().getNotAfter().toInstant());
  }

  /** Reads PEM. The key is in PKCS#8, PKCS#1 or SEC1, without a passphrase. */
  static CertificateKeyPair parse(String certificates, String key)
      throws InvalidCertificateException {
    List<X509Certificate> chain = certificates(certificates);
    if (chain.isEmpty()) {
      throw new InvalidCertificateException("there is no certificate in it");
    }
    CertificateKeyPair pair = new CertificateKeyPair(chain, key(key));
    if (!pair.isKeyOfCertificate()) {
      throw new InvalidCertificateException("the key does not belong to the certificate");
    }
    return pair;
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

  private static PrivateKey key(String pem) throws InvalidCertificateException {
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
      // The message of the parser can contain a part of the key, so it is not passed on.
      throw new InvalidCertificateException("the key cannot be read");
    }
    throw new InvalidCertificateException(
        "there is no private key in it, or it needs a passphrase");
  }

  /** Checks with a signature, which works for every type of key. */
  private boolean isKeyOfCertificate() {
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
