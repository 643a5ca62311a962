package io.vdi.operator.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.common.media.type.MediaTypes;
import io.helidon.config.Config;
import io.helidon.config.ConfigSources;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigReaderTest {
  private enum Mode {
    OFF,
    CERT_RESOLVER
  }

  @Test
  @DisplayName("valid values are read without a problem")
  void validValues() {
    ConfigReader read =
        reader(
            """
            text: "  padded "
            enabled: "true"
            disabled: "false"
            port: 8081
            list: [a, " b ", ""]
            commas: "a, b,,c"
            wait: 1h30m
            never: 0
            mode: certResolver
            """);
    assertThat(read.text("text")).isEqualTo("padded");
    assertThat(read.text("missing")).isEmpty();
    assertThat(read.text("text", text -> text.length() == 6, "must have 6 characters"))
        .isEqualTo("padded");
    assertThat(read.flag("enabled")).isTrue();
    assertThat(read.flag("disabled")).isFalse();
    assertThat(read.number("port", 1, 65535)).isEqualTo(8081);
    assertThat(read.list("list")).containsExactly("a", "b");
    assertThat(read.list("commas")).containsExactly("a", "b", "c");
    assertThat(read.list("missing")).isEmpty();
    assertThat(read.duration("wait")).isEqualTo(Duration.ofMinutes(90));
    assertThat(read.durationOrZero("wait")).isEqualTo(Duration.ofMinutes(90));
    assertThat(read.durationOrZero("never")).isZero();
    assertThat(read.oneOf("mode", Mode.class)).isEqualTo(Mode.CERT_RESOLVER);
    assertThatCode(read::throwIfInvalid).doesNotThrowAnyException();
  }

  @Test
  void aKeyThatTwoRulesReadIsReportedOnce() {
    ConfigReader read = reader("mode: other");
    read.oneOf("mode", Mode.class);
    read.oneOf("mode", Mode.class);
    assertThatThrownBy(read::throwIfInvalid)
        .hasMessage("mode \"other\" must be one of off, certResolver");
  }

  @Test
  @DisplayName("every problem is reported at the end, in the order of the reads")
  void everyProblem() {
    ConfigReader read =
        reader(
            """
            enabled: "yes"
            port: 70000
            word: eight
            wait: soon
            mode: CERT_RESOLVER
            """);
    read.flag("enabled");
    read.number("port", 1, 65535);
    read.number("word", 0, 9);
    read.duration("wait");
    read.durationOrZero("missing");
    read.oneOf("mode", Mode.class);
    read.text("missing", text -> !text.isEmpty(), "must not be empty");
    read.require(true, "not reported");
    read.require(false, "a rule about two keys");
    read.problem("one more");
    assertThatThrownBy(read::throwIfInvalid)
        .isInstanceOf(InvalidConfigException.class)
        .hasMessage(
            String.join(
                "; ",
                "enabled \"yes\" must be true or false",
                "port \"70000\" must be a whole number from 1 to 65535",
                "word \"eight\" must be a whole number from 0 to 9",
                "wait \"soon\" must be a duration above zero such as 15s or 1h30m",
                "missing \"\" must be a duration above zero such as 15s or 1h30m",
                "mode \"CERT_RESOLVER\" must be one of off, certResolver",
                "missing \"\" must not be empty",
                "a rule about two keys",
                "one more"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0s", "-1h", "15", "1.5h", "\"\""})
  @DisplayName("a duration must be above zero and have a unit")
  void badDurations(String value) {
    ConfigReader read = reader("wait: " + value);
    read.duration("wait");
    assertThatThrownBy(read::throwIfInvalid).hasMessageStartingWith("wait \"");
  }

  @Test
  @DisplayName("items are the objects of a list; object is a section as JSON with text values")
  void structures() {
    ConfigReader read =
        reader(
            """
            section:
              number: 3
              flag: true
              nested: {list: [1, {name: x}]}
            users:
              - {name: alice, email: alice@example.com}
              - {name: bob}
            """);
    assertThat(read.items("users"))
        .extracting(item -> item.get("name").asString().orElse(""))
        .containsExactly("alice", "bob");
    assertThat(read.items("missing")).isEmpty();
    assertThat(read.object("section"))
        .hasToString(
            "{\"number\":\"3\",\"flag\":\"true\",\"nested\":{\"list\":[\"1\",{\"name\":\"x\"}]}}");
    assertThat(read.object("missing")).hasToString("{}");
    assertThat(read.object("section.number")).as("not a section").hasToString("{}");
  }

  private static ConfigReader reader(String yaml) {
    return new ConfigReader(
        Config.builder(ConfigSources.create(yaml, MediaTypes.APPLICATION_YAML))
            .disableEnvironmentVariablesSource()
            .disableSystemPropertiesSource()
            .build());
  }
}
