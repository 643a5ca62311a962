package io.vdi.operator.gate;

import io.vdi.operator.gate.signin.Provider;
import io.vdi.operator.runtime.schedule.Periodic;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether users can sign in: asks the provider every minute, and every five seconds while it does
 * not answer as it should. The gate stays ready without its provider, because open desktops do not
 * need it.
 */
final class ProviderHealth implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ProviderHealth.class);
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final Provider provider;
  private final Periodic check = new Periodic("provider", this::interval, this::check);
  private volatile Optional<String> error = Optional.of("not asked yet");

  ProviderHealth(Provider provider) {
    this.provider = provider;
  }

  void start() {
    check.start();
  }

  private Duration interval() {
    return error.isEmpty() ? INTERVAL : RETRY;
  }

  private void check() {
    Optional<String> now = provider.check();
    if (!now.equals(error)) {
      now.ifPresentOrElse(
          reason -> LOG.warn("nobody can sign in: {}", reason),
          () -> LOG.info("users can sign in"));
    }
    error = now;
  }

  /** Why nobody can sign in; empty while users can. */
  Optional<String> error() {
    return error;
  }

  @Override
  public void close() {
    check.close();
  }
}
