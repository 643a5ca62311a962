package io.vdi.operator.common.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

/** See also StatusMessageTest. */
class MessagePatternProperties {
  /** Of the pieces of the patterns, so that many messages match in more than one way. */
  @Provide
  Arbitrary<String> messages() {
    return Arbitraries.of("node ", " is ", "at ", ": ", "n", " ", "(", ")", "\u00E4", "{0}", "")
        .list()
        .ofMaxSize(8)
        .map(pieces -> String.join("", pieces));
  }

  @Provide
  Arbitrary<MessagePattern> patterns() {
    return Arbitraries.of(
            "node {0} is {1}", "{0} is {1} at {2}", "{0}{1}", "at {0}: {1} ({2})", " {0} ", "node ")
        .map(MessagePattern::of);
  }

  /** The portal translates what it reads: it never shows something that was not written. */
  @Property(tries = 5000)
  void theValuesOfAMessageWriteTheSameMessage(
      @ForAll("patterns") MessagePattern pattern, @ForAll("messages") String message) {
    Optional<List<String>> values = pattern.values(message);
    assertThat(values.map(List::toArray).map(pattern::text))
        .as("values %s", values)
        .isIn(Optional.empty(), Optional.of(message));
    assertThat(values.stream().flatMap(List::stream)).doesNotContain("");
  }

  @Property
  void valuesWithoutTheTextsAroundThemAreReadAgain(
      @ForAll @Size(3)
          List<
                  @net.jqwik.api.constraints.AlphaChars
                  @net.jqwik.api.constraints.StringLength(min = 1, max = 9) String>
              values) {
    MessagePattern pattern = MessagePattern.of("at {0}: {1} ({2})");
    assertThat(pattern.values(pattern.text(values.toArray()))).contains(values);
  }

  /** Braces around anything else belong to the text. */
  @Example
  void onlyDigitsInTheirOrderArePlaceholders() {
    MessagePattern pattern = MessagePattern.of("{a} {} {10} {0}");
    assertThat(pattern.size()).isEqualTo(1);
    assertThat(pattern.text("x")).isEqualTo("{a} {} {10} x");
    for (String wrong : List.of("{1}", "{0} {0}", "{0} {2}", "{1} {0}")) {
      assertThatThrownBy(() -> MessagePattern.of(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(wrong);
    }
  }

  /** Values come from Kubernetes; nothing in them is a pattern. */
  @Example
  void valuesAreTakenLiterally() {
    MessagePattern pattern = MessagePattern.of("node {0} is {1}");
    String text = pattern.text("{1} $1 \\", "%s {0}");
    assertThat(text).isEqualTo("node {1} $1 \\ is %s {0}");
    assertThat(pattern.values(text)).contains(List.of("{1} $1 \\", "%s {0}"));
    assertThat(MessagePattern.of("{0}: {1}").values(": x: y"))
        .as("a value that begins like the text behind it")
        .contains(List.of(": x", "y"));
    assertThatThrownBy(() -> pattern.text("a", "b", "c"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("3 values instead of 2");
  }
}
