package io.vdi.operator.common.diagnosis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * docs/troubleshooting.md is the catalogue, page by page; {@code -Dtroubleshooting.update} writes
 * it.
 */
class TroubleshootingTest {
  private static final Path PAGE = Path.of("../docs/troubleshooting.md");

  @Test
  void thePageIsTheCatalogue() throws IOException {
    StringBuilder page =
        new StringBuilder(
            """
            # Troubleshooting

            <!-- Made from the catalogue in common, class Cause: mvn test -pl common -Dtest=TroubleshootingTest -Dtroubleshooting.update -->

            `kubectl vdi doctor [session]` looks for all of this, in this order, and tells which it is. The
            controller ends `status.message` of a session with the code of what it sees itself, and says what to
            do in the message of condition `Ready`. Codes never change their meaning. Words in braces stand for
            yours; `{operator}` is the operator's namespace, `{name}` the object that was looked at.
            """);
    for (Layer layer : Layer.values()) {
      page.append("\n## ").append(layer.title()).append("\n");
      Arrays.stream(KnownCause.values())
          .filter(cause -> cause.layer() == layer)
          .forEach(cause -> page.append(section(cause)));
    }
    if (System.getProperty("troubleshooting.update") != null) {
      Files.writeString(PAGE, page);
    }
    assertEquals(page.toString(), Files.readString(PAGE));
  }

  private static String section(KnownCause cause) {
    return """

    ### %s

    **%s.**%s %s

    %s

    ```
    %s
    ```
    """
        .formatted(
            cause.code(),
            cause.symptom(),
            cause.isWarning() ? " (A warning.)" : "",
            cause.cause(),
            cause.remedy(),
            cause.command());
  }

  @Test
  void codesAreUniqueAndInOrder() {
    Set<String> codes = new HashSet<>();
    String last = "";
    for (KnownCause cause : KnownCause.values()) {
      assertTrue(codes.add(cause.code()), cause.code());
      assertTrue(last.compareTo(cause.code()) < 0, cause.code() + " after " + last);
      last = cause.code();
      assertEquals(cause, KnownCause.ofCode(cause.code().toLowerCase(Locale.ROOT)).orElseThrow());
      assertEquals(cause, KnownCause.ofTag("words " + cause.tag()).orElseThrow());
    }
  }

  @Test
  void aCommandWithAllWordsHasNoneLeft() {
    Map<String, String> words =
        Map.of(
            "session",
            "alice",
            "namespace",
            "team",
            "template",
            "ubuntu",
            "operator",
            "vdi",
            "name",
            "thing");
    for (KnownCause cause : KnownCause.values()) {
      String command = cause.command(words);
      assertFalse(command.matches(".*\\{(session|namespace|template|operator|name)}.*"), command);
      assertFalse(command.contains("<"), command);
      assertTrue(cause.command(Map.of()).indexOf('{') < 0 || command.contains("{websecure}"));
    }
  }
}
