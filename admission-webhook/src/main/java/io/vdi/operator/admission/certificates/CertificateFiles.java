package io.vdi.operator.admission.certificates;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code tls.crt} and {@code tls.key} in a folder that somebody else keeps up to date: a Secret of
 * cert-manager's, mounted. What cannot be used is told, and what was served before stays.
 */
public final class CertificateFiles implements CertificateSource {
  private static final Logger LOG = LoggerFactory.getLogger(CertificateFiles.class);

  private final Path folder;
  private final ServingCertificate serving;
  private String last = "";

  public CertificateFiles(Path folder, ServingCertificate serving) {
    this.folder = folder;
    this.serving = serving;
  }

  @Override
  public void refresh() {
    try {
      String certificate = read("tls.crt");
      String key = read("tls.key");
      if (last.equals(certificate + key)) {
        return;
      }
      CertificateKeyPair material = CertificateKeyPair.parse(certificate, key);
      last = certificate + key;
      serving.use(material);
      LOG.info(
          "serving the certificate in {} until {}",
          folder,
          material.certificate().getNotAfter().toInstant());
    } catch (CertificateKeyPair.InvalidCertificateException e) {
      report(e.getMessage());
    }
  }

  private void report(String why) {
    String words = folder + ": " + why;
    if (!serving.whyNotReady().contains(words)) {
      LOG.error("{}", words);
    }
    serving.trouble(words);
  }

  private String read(String name) throws CertificateKeyPair.InvalidCertificateException {
    try {
      return Files.readString(folder.resolve(name));
    } catch (IOException e) {
      throw new CertificateKeyPair.InvalidCertificateException(name + " cannot be read");
    }
  }
}
