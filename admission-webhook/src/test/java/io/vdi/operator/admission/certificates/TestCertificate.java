package io.vdi.operator.admission.certificates;

import io.helidon.common.tls.Tls;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A serving certificate for 127.0.0.1, and the CA that signed it as PEM. */
public record TestCertificate(Tls tls, String ca) {
  public static TestCertificate forLoopback() {
    return forLoopback(Optional.empty());
  }

  static TestCertificate forLoopback(Optional<ClientCertificates> clients) {
    Issuer issuer = new Issuer(new SecureRandom());
    CertificateSettings settings =
        new CertificateSettings(
            Duration.ofDays(1), Duration.ofDays(1), Duration.ofHours(1), List.of("127.0.0.1"));
    CertificateKeyPair ca = issuer.issueCa(Instant.now(), settings.caDuration());
    return new TestCertificate(
        ServingCertificate.tls(issuer.issueServing(ca, settings, Instant.now()), clients),
        Issuer.pem(ca.chain()));
  }
}
