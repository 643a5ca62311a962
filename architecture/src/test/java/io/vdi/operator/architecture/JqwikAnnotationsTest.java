package io.vdi.operator.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** jqwik skips a property that has an annotation of JUnit, and the build stays green. */
class JqwikAnnotationsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private static final Pattern METHOD = Pattern.compile("\\bvoid (\\w+)\\(");
  private static final Pattern OF_JQWIK = Pattern.compile("@(Property|Example)\\b");
  private static final Pattern OF_JUNIT =
      Pattern.compile("@(DisplayName|Test|ParameterizedTest|Timeout|Disabled|Order|Tag)\\b");

  @Test
  void noPropertyHasAnAnnotationOfJUnit() throws IOException {
    List<String> methods = new ArrayList<>();
    List<String> skipped = new ArrayList<>();
    for (Path file : tests()) {
      // An empty line is before each method, and none is between it and its annotations.
      List<String> annotations = new ArrayList<>();
      for (String line : Files.readAllLines(file)) {
        Matcher method = METHOD.matcher(line);
        if (line.isBlank()) {
          annotations.clear();
        } else if (line.strip().startsWith("@")) {
          annotations.add(line);
        } else if (method.find() && isAny(annotations, OF_JQWIK)) {
          methods.add(method.group(1));
          if (isAny(annotations, OF_JUNIT)) {
            skipped.add(ROOT.relativize(file) + ": " + method.group(1));
          }
        }
      }
    }
    assertThat(methods).as("properties found").hasSizeGreaterThan(50);
    assertThat(skipped).as("properties that jqwik skips").isEmpty();
  }

  private static boolean isAny(List<String> annotations, Pattern pattern) {
    return annotations.stream().anyMatch(annotation -> pattern.matcher(annotation).find());
  }

  private static List<Path> tests() throws IOException {
    List<Path> tests = new ArrayList<>();
    try (Stream<Path> modules = Files.list(ROOT)) {
      for (Path module : modules.map(path -> path.resolve("src/test/java")).toList()) {
        if (Files.isDirectory(module)) {
          try (Stream<Path> files = Files.walk(module)) {
            files.filter(file -> file.toString().endsWith(".java")).forEach(tests::add);
          }
        }
      }
    }
    return tests;
  }
}
