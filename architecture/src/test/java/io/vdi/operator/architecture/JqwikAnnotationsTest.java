package io.vdi.operator.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** jqwik skips a property that has an annotation of JUnit, and the build stays green. */
class JqwikAnnotationsTest {
  private static final Pattern METHOD = Pattern.compile("\\bvoid (\\w+)\\(");
  private static final Pattern OF_JQWIK = Pattern.compile("@(Property|Example)\\b");
  private static final Pattern OF_JUNIT =
      Pattern.compile("@(DisplayName|Test|ParameterizedTest|Timeout|Disabled|Order|Tag)\\b");

  @Test
  void noPropertyHasAnAnnotationOfJUnit() {
    List<String> methods = new ArrayList<>();
    List<String> skipped = new ArrayList<>();
    for (Path file : Checkout.sources("test").toList()) {
      // An empty line is before each method, and none is between it and its annotations.
      List<String> annotations = new ArrayList<>();
      for (String line : Checkout.read(Checkout.ROOT.resolve(file)).lines().toList()) {
        Matcher method = METHOD.matcher(line);
        if (line.isBlank()) {
          annotations.clear();
        } else if (line.strip().startsWith("@")) {
          annotations.add(line);
        } else if (method.find() && isAny(annotations, OF_JQWIK)) {
          methods.add(method.group(1));
          if (isAny(annotations, OF_JUNIT)) {
            skipped.add(file + ": " + method.group(1));
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
}
