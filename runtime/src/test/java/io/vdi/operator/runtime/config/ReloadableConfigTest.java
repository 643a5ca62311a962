package io.vdi.operator.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.helidon.config.Config;
import io.vdi.operator.common.testing.CapturedLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** With the application.yaml of the test resources. */
@Timeout(60)
class ReloadableConfigTest {
  private record Example(int size, List<String> names, Mode mode) {}

  private enum Mode {
    REJECT,
    QUEUE_UP
  }

  @TempDir private Path directory;
  private final CapturedLog log = CapturedLog.of(ReloadableConfig.class);
  private final List<Example> changes = new CopyOnWriteArrayList<>();

  @AfterEach
  void stopCapture() {
    log.close();
  }

  @Test
  @DisplayName("the file overrides the jar, and the environment overrides both")
  void layers() throws Exception {
    Path file = write("size: 7\nnested: {modeOfWork: queueUp}");
    assertThat(read(Optional.empty(), Map.of()).current())
        .isEqualTo(new Example(1, List.of("a"), Mode.REJECT));
    assertThat(read(Optional.of(file), Map.of()).current())
        .isEqualTo(new Example(7, List.of("a"), Mode.QUEUE_UP));
    assertThat(
            read(
                    Optional.of(file),
                    Map.of(
                        "vdiConfig_SIZE",
                        "9",
                        "vdiConfig_NAMES",
                        "x, y",
                        "vdiConfig_NESTED_MODE_OF_WORK",
                        "reject"))
                .current())
        .isEqualTo(new Example(9, List.of("x", "y"), Mode.REJECT));
  }

  @Test
  @DisplayName("invalid settings at the start are refused with every problem")
  void invalidAtStart() throws Exception {
    Path file = write("size: many\nnested: {modeOfWork: sometimes}");
    assertThatThrownBy(() -> read(Optional.of(file), Map.of()))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessage(
            "size \"many\" must be a whole number from 1 to 10; "
                + "nested.modeOfWork \"sometimes\" must be one of reject, queueUp");
  }

  @Test
  @DisplayName("a changed file applies without a restart")
  void change() throws Exception {
    Path file = write("size: 2");
    try (ReloadableConfig<Example> config = read(Optional.of(file), Map.of())) {
      watch(config);
      replace(file, "size: 3");
      await().until(() -> changes.size() == 1);
      assertThat(config.current().size()).isEqualTo(3);
      assertThat(changes).containsExactly(config.current());
    }
  }

  @Test
  @DisplayName("an invalid change keeps the former settings until the file is valid again")
  void invalidChange() throws Exception {
    Path file = write("size: 2");
    try (ReloadableConfig<Example> config = read(Optional.of(file), Map.of())) {
      watch(config);
      replace(file, "size: 0");
      await().until(() -> !config.isValid());
      assertThat(config.current().size()).isEqualTo(2);
      replace(file, "size: [2");
      await().until(() -> log.messages(Level.ERROR).size() == 2);
      assertThat(config.isValid()).isFalse();
      replace(file, "size: 4");
      await().until(config::isValid);
      assertThat(config.current().size()).isEqualTo(4);
      await().until(() -> changes.size() == 1);
      assertThat(log.messages(Level.ERROR).getFirst())
          .isEqualTo(
              "the changed settings are invalid, the former ones stay: size \"0\" must be a whole"
                  + " number from 1 to 10");
    }
  }

  @Test
  @DisplayName("a deleted file is an invalid change")
  void deletedFile() throws Exception {
    Path file = write("size: 2");
    try (ReloadableConfig<Example> config = read(Optional.of(file), Map.of())) {
      watch(config);
      Files.delete(file);
      await().until(() -> !config.isValid());
      assertThat(config.current().size()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("an error in the listener does not end the watch")
  void failingListener() throws Exception {
    Path file = write("size: 2");
    try (ReloadableConfig<Example> config = read(Optional.of(file), Map.of())) {
      config.watch(
          Duration.ofMillis(5),
          changed -> {
            changes.add(changed);
            throw new IllegalStateException("a bug");
          });
      replace(file, "size: 3");
      await().until(() -> changes.size() == 1);
      replace(file, "size: 4");
      await().until(() -> changes.size() == 2);
      assertThat(config.current().size()).isEqualTo(4);
    }
  }

  @Test
  @DisplayName("log levels change with the file; a level that is removed is restored")
  void levels() throws Exception {
    Path file = write("logging: {levels: {io.vdi.reload: DEBUG}}");
    try (ReloadableConfig<Example> config = read(Optional.of(file), Map.of())) {
      assertThat(level()).contains("DEBUG");
      watch(config);
      replace(file, "logging: {levels: {io.vdi.reload: error}}");
      await().until(() -> level().equals(Optional.of("ERROR")));
      replace(file, "size: 4");
      await().until(() -> level().isEmpty());
    }
  }

  @Test
  @DisplayName("an unknown log level is refused with the logger's name")
  void unknownLevel() throws Exception {
    Path file = write("logging: {levels: {io.vdi.reload: LOUD}}");
    assertThatThrownBy(() -> read(Optional.of(file), Map.of()))
        .hasMessage(
            "logging.levels.io.vdi.reload \"LOUD\" must be one of TRACE, DEBUG, INFO, WARN, ERROR,"
                + " OFF");
  }

  @Test
  @DisplayName("source names the file, or the jar when there is none")
  void source() throws Exception {
    Path file = write("size: 2");
    assertThat(read(Optional.of(file), Map.of()).source()).isEqualTo(file.toString());
    assertThat(read(Optional.empty(), Map.of()).source()).isEqualTo("application.yaml in the jar");
  }

  private static Optional<String> level() {
    return Optional.ofNullable(((Logger) LoggerFactory.getLogger("io.vdi.reload")).getLevel())
        .map(Object::toString);
  }

  private void watch(ReloadableConfig<Example> config) {
    config.watch(Duration.ofMillis(5), changes::add);
  }

  private Path write(String content) throws IOException {
    return Files.writeString(directory.resolve("application.yaml"), content);
  }

  /** Replaces the content atomically, as the kubelet does. */
  private void replace(Path file, String content) throws IOException {
    Path next = Files.writeString(directory.resolve("next.yaml"), content);
    Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  private static ReloadableConfig<Example> read(
      Optional<Path> file, Map<String, String> environment) throws InvalidConfigException {
    return new ReloadableConfig<>(new ConfigLoader(file, environment), ReloadableConfigTest::parse);
  }

  private static Example parse(Config config) throws InvalidConfigException {
    ConfigReader read = new ConfigReader(config);
    Example example =
        new Example(
            read.number("size", 1, 10),
            read.list("names"),
            read.oneOf("nested.modeOfWork", Mode.class));
    read.throwIfInvalid();
    return example;
  }
}
