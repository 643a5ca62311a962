package io.vdi.operator.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

class FormatTest {
  @Test
  void printsJson() {
    assertThat(Format.JSON.of(JsonParser.parseString("{\"a\":{\"b\":\"<c>\"},\"n\":[1]}")))
        .isEqualTo(
            """
            {
              "a": {
                "b": "<c>"
              },
              "n": [
                1
              ]
            }\
            """);
  }

  @Test
  void printsYaml() {
    assertThat(Format.YAML.of(JsonParser.parseString("{\"a\":{\"b\":\"c\"},\"n\":[\"x\",\"y\"]}")))
        .isEqualTo(
            """
            a:
              b: c
            n:
            - x
            - y\
            """);
    assertThat(Format.YAML.of(JsonParser.parseString("[{\"a\":\"b\"}]"))).isEqualTo("- a: b");
  }

  @Test
  void onlyTwoFormatsAreTables() {
    assertThat(Format.values())
        .filteredOn(Format::isTable)
        .containsExactly(Format.TABLE, Format.WIDE);
    assertThat(Format.values()).extracting(Format::toString).contains("json", "yaml");
  }
}
