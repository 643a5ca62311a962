package io.vdi.operator.admission.certificates;

import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the TLS handshakes that fail, and logs one of them per minute: a client that connects
 * again and again cannot fill the log.
 */
public final class RefusedClients {
  private static final Logger LOG = LoggerFactory.getLogger(RefusedClients.class);
  private static final long LOG_INTERVAL = Duration.ofMinutes(1).toNanos();

  private final Consumer<Reason> counter;
  private final LongSupplier elapsedNanos;
  private long lastLogged;
  private long sinceLogged;

  /** Why a handshake has failed. */
  public enum Reason {
    /** The client has presented no certificate. */
    MISSING,
    /** The client's certificate has another CA, another name, or has expired. */
    UNTRUSTED,
    /** The client has aborted the handshake, or does not use TLS. */
    OTHER
  }

  /**
   * @param elapsedNanos as {@link System#nanoTime}
   */
  public RefusedClients(Consumer<Reason> counter, LongSupplier elapsedNanos) {
    this.counter = counter;
    this.elapsedNanos = elapsedNanos;
    this.lastLogged = elapsedNanos.getAsLong() - LOG_INTERVAL;
  }

  /** Records a failed handshake with the client at this address. */
  void record(String address, SSLException failure) {
    Reason reason = reason(failure);
    counter.accept(reason);
    if (reason != Reason.OTHER) {
      log(address, failure);
    }
  }

  private synchronized void log(String address, SSLException failure) {
    sinceLogged++;
    long now = elapsedNanos.getAsLong();
    if (now - lastLogged >= LOG_INTERVAL) {
      LOG.warn(
          "refused a client without a valid certificate at {}: {} ({} since the last message)",
          address,
          failure.getMessage(),
          sinceLogged);
      lastLogged = now;
      sinceLogged = 0;
    }
  }

  private static Reason reason(SSLException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException) {
        return Reason.UNTRUSTED;
      }
    }
    // The only sign of it that the JDK gives; ClientCertificatesTest notices another text.
    return String.valueOf(failure.getMessage()).contains("Empty client certificate chain")
        ? Reason.MISSING
        : Reason.OTHER;
  }
}
