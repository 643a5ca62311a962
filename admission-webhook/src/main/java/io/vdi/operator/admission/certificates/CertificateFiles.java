package io.vdi.operator.admission.certificates;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves {@code tls.crt} and {@code tls.key} of a directory, usually a mounted Secret that
 * cert-manager renews. If the files become unusable, the former certificate stays, and health and
 * log report the reason.
 */
public final class CertificateFiles implements CertificateSource {
  private static final Logger LOG = LoggerFactory.getLogger(CertificateFiles.class);

  private final Path directory;
  private final ServingCertificate serving;
  private String lastContent = "";

  public CertificateFiles(Path directory, ServingCertificate serving) {
    this.directory = directory;
    this.serving = serving;
  }

  @Override
  public void refresh() {
    try {
      String certificate = read("tls.crt");
      String key = read("tls.key");
      if (lastContent.equals(certificate + key)) {
        return;
      }
      CertificateKeyPair pair = CertificateKeyPair.parse(certificate, key);
      lastContent = certificate + key;
      serving.use(pair);
      LOG.info(
          "serving the certificate in {} until {}",
          directory,
          pair.certificate().getNotAfter().toInstant());
    } catch (CertificateKeyPair.InvalidCertificateException e) {
      report(e.getMessage());
    }
  }

  private void report(String problem) {
    String message = directory + ": " + problem;
    if (!serving.whyNotReady().contains(message)) {
      LOG.error("{}", message);
    }
    serving.fail(message);
  }

  private String read(String name) throws CertificateKeyPair.InvalidCertificateException {
    try {
      return Files.readString(directory.resolve(name));
    } catch (IOException e) {
      throw new CertificateKeyPair.InvalidCertificateException(name + " cannot be read");
    }
  }
}
