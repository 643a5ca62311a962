package io.vdi.operator.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TerminalSanitizerTest {
  @Test
  void keepsText() {
    assertThat(TerminalSanitizer.of("Zoë's 桌面 🖥 – 100 %")).isEqualTo("Zoë's 桌面 🖥 – 100 %");
  }

  @Test
  void replacesControlSequences() {
    assertThat(TerminalSanitizer.of("\u001b[2J\u001b]0;title\u0007"))
        .isEqualTo("\ufffd[2J\ufffd]0;title\ufffd");
    assertThat(TerminalSanitizer.of("\u009b31m\u0000\b\u007f"))
        .isEqualTo("\ufffd31m\ufffd\ufffd\ufffd");
  }

  @Test
  void replacesCharactersThatReorderText() {
    assertThat(TerminalSanitizer.of("a\u202eb\u2066c\u200b")).isEqualTo("a\ufffdb\ufffdc\ufffd");
  }

  @Test
  void putsTextOnOneLine() {
    assertThat(TerminalSanitizer.of("a\r\n\tb")).isEqualTo("a   b");
  }
}
