package io.vdi.operator.runtime.config;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import io.helidon.config.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings of a service, read again when the mounted file changes. A new file that is not valid
 * is refused with the reason; the old settings stay, and {@link #isValid} says so until it is
 * mended.
 */
public final class ReloadableConfig<S> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReloadableConfig.class);

  /** Turns a configuration into settings. */
  @FunctionalInterface
  public interface Parser<S> {
    S parse(Config config) throws InvalidConfigException;
  }

  private final ConfigLoader layers;
  private final Parser<S> reading;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Map<String, Level> levelsBefore = new HashMap<>();
  private volatile S current;
  private volatile boolean valid = true;
  private byte[] lastContent;

  public ReloadableConfig(ConfigLoader layers, Parser<S> reading) throws InvalidConfigException {
    this.layers = layers;
    this.reading = reading;
    this.lastContent = content();
    this.current = read();
  }

  public S current() {
    return current;
  }

  /** Whether the file, as it is now, is what the service runs with. */
  public boolean isValid() {
    return valid;
  }

  /**
   * Looks at the file every so often from now on. A mounted ConfigMap is replaced by a change of a
   * symbolic link two directories up, which file watchers miss; comparing the content does not.
   */
  public void watch(Duration interval, Consumer<S> onChange) {
    if (layers.file().isEmpty()) {
      return;
    }
    Thread.ofVirtual()
        .name("settings")
        .start(() -> {
          try {
            while (!closed.await(interval.toMillis(), TimeUnit.MILLISECONDS)) {
              reloadIfChanged(onChange);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private void reloadIfChanged(Consumer<S> onChange) {
    byte[] content = content();
    if (Arrays.equals(content, lastContent)) {
      return;
    }
    lastContent = content;
    try {
      current = read();
      valid = true;
      LOG.info("settings reloaded");
      onChange.accept(current);
    } catch (InvalidConfigException e) {
      valid = false;
      LOG.error("the changed configuration is refused, the old one stays: {}", e.getMessage());
    }
  }

  private S read() throws InvalidConfigException {
    Config config = layers.load();
    S settings = reading.parse(config);
    applyLevels(config);
    return settings;
  }

  /**
   * {@code logging.levels: {io.vdi.operator: DEBUG}}; a level taken out goes back to what it was.
   */
  private void applyLevels(Config config) throws InvalidConfigException {
    Map<String, Level> levels = new HashMap<>();
    for (Map.Entry<String, String> entry :
        config.get(ConfigLoader.LEVELS).detach().asMap().orElse(Map.of()).entrySet()) {
      Level level = Level.toLevel(entry.getValue(), null);
      if (level == null) {
        throw new InvalidConfigException(
            List.of(
                ConfigLoader.LEVELS
                    + "."
                    + entry.getKey()
                    + " \""
                    + entry.getValue()
                    + "\" must be one of TRACE, DEBUG, INFO, WARN, ERROR, OFF"));
      }
      levels.put(entry.getKey(), level);
    }
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      levelsBefore.forEach((name, level) -> context.getLogger(name).setLevel(level));
      levelsBefore.clear();
      levels.forEach((name, level) -> {
        levelsBefore.put(name, context.getLogger(name).getLevel());
        context.getLogger(name).setLevel(level);
      });
    }
  }

  private byte[] content() {
    try {
      return layers.file().isPresent() ? Files.readAllBytes(layers.file().get()) : new byte[0];
    } catch (IOException e) {
      return new byte[0];
    }
  }

  /** For messages: where the settings come from. */
  public String source() {
    return layers.file().map(Path::toString).orElse("application.yaml in the jar");
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
