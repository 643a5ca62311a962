package io.vdi.operator.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A class name has one meaning in all modules: a reader who finds it knows which one it is. */
class ClassNamesTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** Each service and tool has one. */
  private static final Set<String> IN_EACH_MODULE = Set.of("Main", "package-info");

  @Test
  void noTwoClassesOfTheMainCodeHaveTheSameName() throws IOException {
    Map<String, List<Path>> filesOf;
    try (Stream<Path> modules = Files.list(ROOT)) {
      filesOf =
          modules
              .map(module -> module.resolve("src/main/java"))
              .filter(Files::isDirectory)
              .flatMap(ClassNamesTest::sources)
              .collect(
                  Collectors.groupingBy(
                      file -> file.getFileName().toString().replaceAll("\\.java$", ""),
                      TreeMap::new,
                      Collectors.toList()));
    }
    assertThat(filesOf).containsKeys(IN_EACH_MODULE.toArray(String[]::new));
    filesOf.keySet().removeAll(IN_EACH_MODULE);
    filesOf.values().removeIf(files -> files.size() == 1);
    assertThat(filesOf).as("names with several classes").isEmpty();
  }

  private static Stream<Path> sources(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .map(ROOT::relativize)
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
