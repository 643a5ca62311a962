package io.vdi.operator.common.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class StatusMessageTest {
  @Test
  @DisplayName("a message is read by the pattern that wrote it, and by no earlier one")
  void roundTrip() {
    for (StatusMessage message : StatusMessage.values()) {
      List<String> values = IntStream.range(0, message.size()).mapToObj(i -> "value-" + i).toList();
      String text = message.text(values.toArray());
      assertThat(message.values(text)).contains(values);
      assertThat(
              Arrays.stream(StatusMessage.values())
                  .filter(other -> other.values(text).isPresent())
                  .findFirst())
          .contains(message);
    }
  }

  @Test
  @DisplayName("a text that a pattern did not write has no values")
  void others() {
    MessagePattern pattern = MessagePattern.of("node {0} is {1} now");
    assertThat(pattern.text("n", 1)).isEqualTo("node n is 1 now");
    assertThat(pattern.values("node n is 1 now")).contains(List.of("n", "1"));
    for (String text :
        List.of("", "node ", "node  is 1 now", "node n is  now", "node n is now", "n is 1 now")) {
      assertThat(pattern.values(text)).as(text).isEmpty();
    }
    assertThat(MessagePattern.of("{0} and {1}").values("a and b and c"))
        .contains(List.of("a", "b and c"));
    assertThat(MessagePattern.of("x").values("x")).contains(List.of());
    assertThat(MessagePattern.of("aba{0}aba").values("ababa")).isEmpty();
    assertThatThrownBy(() -> MessagePattern.of("{1} {0}"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pattern.text("n")).isInstanceOf(IllegalArgumentException.class);
  }
}
