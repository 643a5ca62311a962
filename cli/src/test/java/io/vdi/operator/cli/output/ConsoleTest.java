package io.vdi.operator.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.cli.TestConsole;
import org.junit.jupiter.api.Test;

class ConsoleTest {
  @Test
  void colorsTextOnlyIfColorsAreOn() {
    assertThat(new TestConsole(80, true).console().colored(Console.Color.RED, "failed"))
        .isEqualTo("\u001b[31mfailed\u001b[0m");
    assertThat(new TestConsole(80, false).console().colored(Console.Color.RED, "failed"))
        .isEqualTo("failed");
  }

  @Test
  void aPipeHasNoWidthAndNoColors() {
    Console console = Console.ofProcess();
    assertThat(console.width()).isZero();
    assertThat(console.color()).isFalse();
  }
}
