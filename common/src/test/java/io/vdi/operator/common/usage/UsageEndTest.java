package io.vdi.operator.common.usage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class UsageEndTest {
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `(\\w+)` \\|");

  /** Reports of other tools depend on these names. */
  @Test
  void theReasonsAreThoseOfTheSpecification() throws IOException {
    String specification = Files.readString(Path.of("../docs/specification.md"));
    int begin = specification.indexOf("| reason | the desktop ended because |");
    assertThat(begin).as("the table of section 9").isPositive();
    List<String> documented =
        ROW.matcher(specification.substring(begin, specification.indexOf("\n\n", begin)))
            .results()
            .map((MatchResult row) -> row.group(1))
            .toList();
    assertThat(Arrays.stream(UsageEnd.values()).map(UsageEnd::text))
        .containsExactlyInAnyOrderElementsOf(documented);
  }
}
