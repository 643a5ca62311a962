package io.vdi.operator.admission.certificates;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls {@link CertificateSource#refresh} periodically, on a thread of its own. */
public final class CertificateRefresher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CertificateRefresher.class);

  /** While there is no certificate: another replica may just be creating the CA. */
  private static final Duration RETRY_INTERVAL = Duration.ofMillis(500);

  private final CertificateSource source;
  private final ServingCertificate serving;
  private final Supplier<Duration> interval;
  private final CountDownLatch closed = new CountDownLatch(1);

  public CertificateRefresher(
      CertificateSource source, ServingCertificate serving, Supplier<Duration> interval) {
    this.source = source;
    this.serving = serving;
    this.interval = interval;
  }

  public void start() {
    Thread.ofVirtual().name("certificates").start(this::run);
  }

  private void run() {
    try {
      do {
        try {
          source.refresh();
        } catch (RuntimeException e) {
          LOG.error("refreshing the certificate failed", e);
        }
      } while (!closed.await(pause().toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Duration pause() {
    return serving.whyNotReady().isEmpty() ? interval.get() : RETRY_INTERVAL;
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
