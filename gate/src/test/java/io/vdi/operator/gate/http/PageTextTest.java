package io.vdi.operator.gate.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.text.MessageFormat;
import java.util.Arrays;
import java.util.Locale;
import java.util.ResourceBundle;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PageTextTest {
  @Test
  @DisplayName("every text has a translation with the same placeholders, and there is no other one")
  void translations() {
    assertThat(ResourceBundle.getBundle(PageText.BUNDLE, Locale.GERMAN).keySet())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(PageText.values()).map(PageText::name).toList());
    for (PageText text : PageText.values()) {
      String english = text.pattern(Locale.ENGLISH);
      String german = text.pattern(Locale.GERMAN);
      assertThat(german).isNotBlank().isNotEqualTo(english).doesNotContain("'");
      assertThat(english).doesNotContain("'");
      assertThat(placeholders(german)).as(text.name()).isEqualTo(placeholders(english));
    }
    assertThat(PageText.ONLY_OWNER_STARTS.with("alice@example.com").in(Locale.GERMAN))
        .isEqualTo("Nur alice@example.com und die Administration können ihn starten.");
  }

  private static int placeholders(String pattern) {
    return new MessageFormat(pattern, Locale.ROOT).getFormatsByArgumentIndex().length;
  }
}
