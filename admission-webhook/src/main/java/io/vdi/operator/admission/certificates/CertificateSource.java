package io.vdi.operator.admission.certificates;

/** Where a certificate comes from. */
public interface CertificateSource {
  /** Looks whether there is a newer one, and serves it if so; to be called every few seconds. */
  void refresh();
}
