package io.vdi.operator.runtime.config;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** With the application.yaml of the test resources. */
class ReloadableConfigTest {
  private record Example(int size, List<String> names, Mode mode) {}

  private enum Mode {
    REJECT,
    QUEUE_UP
  }

  @TempDir Path folder;

  @Test
  void laterLayersWin() throws Exception {
    Path file = write("size: 7\nnested: {modeOfWork: queueUp}");
    assertEquals(new Example(1, List.of("a"), Mode.REJECT), read(Optional.empty(), Map.of()));
    assertEquals(new Example(7, List.of("a"), Mode.QUEUE_UP), read(Optional.of(file), Map.of()));
    assertEquals(
        new Example(9, List.of("x", "y"), Mode.REJECT),
        read(
            Optional.of(file),
            Map.of("VDI_SIZE", "9", "VDI_NAMES", "x, y", "VDI_NESTED_MODE_OF_WORK", "reject")));
  }

  @Test
  void everyProblemIsNamedWithKeyValueAndRule() throws Exception {
    Path file = write("size: many\nnested: {modeOfWork: sometimes}");
    InvalidConfigException e =
        assertThrows(InvalidConfigException.class, () -> read(Optional.of(file), Map.of()));
    assertEquals(
        "size \"many\" must be a whole number from 1 to 10; "
            + "nested.modeOfWork \"sometimes\" must be one of reject, queueUp",
        e.getMessage());
  }

  @Test
  void anUnknownKeyInTheFileIsRefused() throws Exception {
    Path file = write("sise: 3");
    InvalidConfigException e =
        assertThrows(InvalidConfigException.class, () -> read(Optional.of(file), Map.of()));
    assertTrue(e.getMessage().contains("no setting is called \"sise\""), e.getMessage());
  }

  @Test
  void aFileThatIsNoYamlOrNotThereIsAClearError() throws Exception {
    Path bad = write("size: [1");
    assertThrows(InvalidConfigException.class, () -> read(Optional.of(bad), Map.of()));
    InvalidConfigException e =
        assertThrows(
            InvalidConfigException.class,
            () -> read(Optional.of(folder.resolve("nowhere")), Map.of()));
    assertTrue(e.getMessage().contains("cannot be read"), e.getMessage());
  }

  @Test
  void aChangedFileIsTakenUpAndABadOneIsNot() throws Exception {
    Path file = write("size: 2\nlogging: {levels: {io.vdi.reload: DEBUG}}");
    ReloadableConfig<Example> settings =
        new ReloadableConfig<>(layers(Optional.of(file), Map.of()), ReloadableConfigTest::from);
    AtomicInteger changes = new AtomicInteger();
    settings.watch(Duration.ofMillis(10), s -> changes.incrementAndGet());
    assertEquals(Level.DEBUG, level());
    replace(file, "size: 3\nlogging: {levels: {io.vdi.reload: ERROR}}");
    await().until(() -> settings.current().size() == 3);
    assertEquals(Level.ERROR, level());
    replace(file, "size: 0");
    await().until(() -> !settings.isValid());
    assertEquals(3, settings.current().size());
    replace(file, "size: 4");
    await().until(() -> settings.isValid() && settings.current().size() == 4);
    await().untilAtomic(changes, org.hamcrest.Matchers.is(2));
    assertEquals(null, level());
    settings.close();
    assertFalse(Files.notExists(file));
  }

  private static Level level() {
    return ((LoggerContext) LoggerFactory.getILoggerFactory())
        .getLogger("io.vdi.reload")
        .getLevel();
  }

  private Path write(String content) throws IOException {
    return Files.writeString(folder.resolve("application.yaml"), content);
  }

  /** As the kubelet does it: the new content is there all at once. */
  private void replace(Path file, String content) throws IOException {
    Path next = Files.writeString(folder.resolve("next.yaml"), content);
    Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  private static Example read(Optional<Path> file, Map<String, String> environment)
      throws InvalidConfigException {
    return from(layers(file, environment).load());
  }

  private static ConfigLoader layers(Optional<Path> file, Map<String, String> environment) {
    return new ConfigLoader(file, environment);
  }

  private static Example from(io.helidon.config.Config config) throws InvalidConfigException {
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
