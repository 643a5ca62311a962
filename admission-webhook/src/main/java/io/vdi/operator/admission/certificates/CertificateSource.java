package io.vdi.operator.admission.certificates;

/** Keeps a {@link ServingCertificate} up to date. */
public interface CertificateSource {
  /**
   * Checks whether there is a newer certificate, and serves it. Is called every {@code
   * certificates.interval}. Errors that the user can fix become the reason why the webhook is not
   * ready.
   */
  void refresh();
}
