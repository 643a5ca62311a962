package io.vdi.operator.common.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * docs/troubleshooting.md is generated from the catalogue; {@code -Dtroubleshooting.update} writes
 * it.
 */
class TroubleshootingTest {
  private static final Path PAGE = Path.of("../docs/troubleshooting.md");

  @Test
  @DisplayName("the page has the texts of the catalogue")
  void page() throws IOException {
    StringBuilder page =
        new StringBuilder(
            """
            # Troubleshooting

            <!-- Generated from class KnownCause in common: mvn test -pl common -Dtest=TroubleshootingTest -Dtroubleshooting.update -->

            `kubectl vdi doctor [session]` checks for these causes in this order and reports those it finds. When the
            controller itself detects a cause, it appends the code to `status.message` of the session and writes the
            remedy to the message of condition `Ready`. Codes never change their meaning.

            Replace the placeholders in braces: `{operator}` is the operator's namespace, `{name}` the object that
            was checked.
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
    assertThat(Files.readString(PAGE)).isEqualTo(page.toString());
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
            cause.isWarning() ? " (Warning.)" : "",
            cause.cause(),
            cause.remedy(),
            cause.command());
  }

  @Test
  @DisplayName("codes are unique and in order, and lead back to their causes")
  void codes() {
    assertThat(Arrays.stream(KnownCause.values()).map(KnownCause::code))
        .isSorted()
        .doesNotHaveDuplicates();
    for (KnownCause cause : KnownCause.values()) {
      assertThat(KnownCause.ofCode(cause.code().toLowerCase(Locale.ROOT))).contains(cause);
      assertThat(KnownCause.ofTag("message " + cause.tag())).contains(cause);
      assertThat(cause.link())
          .endsWith("troubleshooting.md#" + cause.code().toLowerCase(Locale.ROOT));
    }
    assertThat(KnownCause.ofCode("VDI999")).isEmpty();
    assertThat(KnownCause.ofTag("no code")).isEmpty();
  }

  @Test
  @DisplayName("a command with all placeholders replaced has none left")
  void commands() {
    Map<String, String> placeholders =
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
      String command = cause.command(placeholders);
      assertThat(command)
          .doesNotContainPattern("\\{(session|namespace|template|operator|name)}")
          .doesNotContain("<");
      assertThat(cause.command(Map.of()).replace("{websecure}", "")).doesNotContain("{");
    }
  }
}
