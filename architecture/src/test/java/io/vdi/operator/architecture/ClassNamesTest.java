package io.vdi.operator.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A class name has one meaning in all modules: a reader who finds it knows which one it is. */
class ClassNamesTest {
  /** Each service and tool has one. */
  private static final Set<String> IN_EACH_MODULE = Set.of("Main", "package-info");

  @Test
  void noTwoClassesOfTheMainCodeHaveTheSameName() {
    Map<String, List<Path>> filesOf =
        Checkout.sources("main")
            .collect(
                Collectors.groupingBy(
                    file -> file.getFileName().toString().replaceAll("\\.java$", ""),
                    TreeMap::new,
                    Collectors.toList()));
    assertThat(filesOf).containsKeys(IN_EACH_MODULE.toArray(String[]::new));
    filesOf.keySet().removeAll(IN_EACH_MODULE);
    filesOf.values().removeIf(files -> files.size() == 1);
    assertThat(filesOf).as("names with several classes").isEmpty();
  }
}
