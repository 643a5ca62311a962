package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FieldValidatorTest {
  @ParameterizedTest
  @ValueSource(strings = {"{}", "{f: null}"})
  void nullAndAbsentBreakNoRuleExceptRequire(String json) {
    FieldValidator fields = fields(json);
    fields.string("f", text -> false, "rule");
    fields.integer("f", 1, 2, "rule");
    fields.bool("f");
    fields.list("f");
    fields.section("f").string("g", text -> false, "rule");
    assertThat(fields.violations()).isEmpty();
    fields.require("f", "give one");
    assertThat(fields.violations()).containsExactly("f: is missing: give one");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {f: 1}       | f 1: must be a string: rule
          {f: true}    | f true: must be a string: rule
          {f: [x]}     | f […]: must be a string: rule
          {f: {x: y}}  | f {…}: must be a string: rule
          {f: bad}     | f "bad": rule
          """)
  void aStringIsCheckedForTypeAndRule(String json, String violation) {
    FieldValidator fields = fields(json);
    assertThat(fields.string("f", "good"::equals, "rule")).isEmpty();
    assertThat(fields.violations()).containsExactly(violation);
  }

  @Test
  void aLegalStringIsReturned() {
    FieldValidator fields = fields("{f: good}");
    assertThat(fields.string("f", "good"::equals, "rule")).contains("good");
    assertThat(fields.violations()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "2", "2.0", "2e0", "2147483647"})
  void integersAreAcceptedAsTheApiServerWritesThem(String value) {
    FieldValidator fields = fields("{f: " + value + "}");
    fields.integer("f", 1, Integer.MAX_VALUE, "rule");
    assertThat(fields.violations()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-1",
        "1.5",
        "2147483648",
        "1e999999999",
        "0.00000000000000000001",
        "'1'",
        "true",
        "[1]",
        "{}"
      })
  void otherValuesAreNotIntegers(String value) {
    FieldValidator fields = fields("{f: " + value + "}");
    fields.integer("f", 1, Integer.MAX_VALUE, "rule");
    assertThat(fields.violations()).singleElement().asString().endsWith(": rule");
  }

  @Test
  void booleansHaveNoQuotes() {
    FieldValidator fields = fields("{yes: true, no: false, text: 'true', number: 1}");
    for (String field : new String[] {"yes", "no", "text", "number"}) {
      fields.bool(field);
    }
    assertThat(fields.violations())
        .containsExactly(
            "text \"true\": must be true or false, without quotes",
            "number 1: must be true or false, without quotes");
  }

  @Test
  void violationsOfSectionsAndItemsHaveTheirPath() {
    FieldValidator fields = fields("{spec: {env: [{name: 1}], volumes: x}, metadata: []}");
    FieldValidator spec = fields.section("spec");
    JsonElement item = spec.list("env").orElseThrow().get(0);
    spec.item("env", 0, item.getAsJsonObject()).string("name", text -> true, "rule");
    assertThat(spec.list("volumes")).isEmpty();
    fields.section("metadata").require("name", "give one");
    assertThat(fields.violations())
        .containsExactly(
            "spec.env[0].name 1: must be a string: rule",
            "spec.volumes \"x\": must be a list",
            "metadata […]: must be an object",
            "metadata.name: is missing: give one");
  }

  @Test
  void aLongValueIsTruncatedAndControlCharactersAreReplaced() {
    JsonObject object = new JsonObject();
    object.addProperty("long", "x".repeat(1000));
    object.addProperty("evil", "a\u001b[31m\nb");
    FieldValidator fields = FieldValidator.of(object);
    fields.string("long", text -> false, "rule");
    fields.string("evil", text -> false, "rule");
    assertThat(fields.violations())
        .containsExactly("long \"" + "x".repeat(79) + "…: rule", "evil \"a?[31m?b\": rule");
  }

  private static FieldValidator fields(String json) {
    return FieldValidator.of(JsonParser.parseString(json).getAsJsonObject());
  }
}
