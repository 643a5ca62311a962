package io.vdi.operator.admission.certificates;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import javax.net.ssl.SSLContext;

/** A certificate for 127.0.0.1, and who vouches for it. */
public record TestCertificate(SSLContext context, String authority) {
  public static TestCertificate forLoopback() {
    Issuer issuer = new Issuer(new SecureRandom());
    CertificateKeyPair authority = issuer.authority(Instant.now(), Duration.ofDays(1));
    ServingCertificate serving = new ServingCertificate(InstantSource.system());
    serving.use(issuer.serving(authority, List.of("127.0.0.1"), Instant.now(), Duration.ofDays(1)));
    return new TestCertificate(serving.context(), Issuer.pem(authority.chain()));
  }
}
