package io.vdi.operator.runtime.config;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import io.helidon.config.Config;
import io.vdi.operator.runtime.schedule.Periodic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings of a service, read again when the mounted file changes. When the new content is
 * invalid, the former settings stay, the reason is logged, and {@link #isValid} is false until the
 * file is valid.
 */
public final class ReloadableConfig<S> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReloadableConfig.class);

  /** Turns a configuration into settings. */
  @FunctionalInterface
  public interface Parser<S> {
    S parse(Config config) throws InvalidConfigException;
  }

  private final ConfigLoader loader;
  private final Parser<S> parser;
  private final Map<String, Level> levelsBefore = new HashMap<>();
  private volatile S current;
  private volatile boolean valid = true;
  private volatile Optional<Periodic> watch = Optional.empty();
  private byte[] lastContent;

  /**
   * Reads the settings for the first time.
   *
   * @throws InvalidConfigException when they are invalid: a service must not start with them
   */
  public ReloadableConfig(ConfigLoader loader, Parser<S> parser) throws InvalidConfigException {
    this.loader = loader;
    this.parser = parser;
    this.lastContent = content();
    this.current = read();
  }

  /** The last valid settings. */
  public S current() {
    return current;
  }

  /** Whether {@link #current} has the content of the file. */
  public boolean isValid() {
    return valid;
  }

  /**
   * Checks the file at this interval from now on. It compares the content: the kubelet updates a
   * mounted ConfigMap by replacing a symbolic link two directories up, which file watchers miss.
   *
   * @param onChange called after a change, on the checking thread
   */
  public void watch(Duration interval, Consumer<S> onChange) {
    if (loader.file().isPresent()) {
      Periodic periodic = new Periodic("settings", interval, () -> reloadIfChanged(onChange));
      watch = Optional.of(periodic);
      periodic.start();
    }
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
    } catch (InvalidConfigException e) {
      valid = false;
      LOG.error("the changed settings are invalid, the former ones stay: {}", e.getMessage());
      return;
    }
    onChange.accept(current);
  }

  private S read() throws InvalidConfigException {
    Config config = loader.load();
    S settings = parser.parse(config);
    applyLevels(config);
    return settings;
  }

  /**
   * Applies {@code logging.levels}, such as {@code {io.vdi.operator: DEBUG}}. A logger that is no
   * longer named gets its former level back.
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
      return loader.file().isPresent() ? Files.readAllBytes(loader.file().get()) : new byte[0];
    } catch (IOException e) {
      return new byte[0];
    }
  }

  /** Where the settings come from, for messages. */
  public String source() {
    return loader.file().map(Path::toString).orElse("application.yaml in the jar");
  }

  @Override
  public void close() {
    watch.ifPresent(Periodic::close);
  }
}
