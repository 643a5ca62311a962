package io.vdi.operator.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

class JsonTest {
  private static final JsonElement POD =
      JsonParser.parseString(
          """
          {"metadata": {"name": "alice", "labels": {"a": "b", "n": 1, "nested": {}}, "nothing": null},
           "spec": {"containers": [{"name": "selkies"}, "odd", {"name": "other"}], "replicas": "4"},
           "status": {"ready": true, "restarts": 3}}
          """);

  @Test
  void findsValuesByPath() {
    assertThat(Json.at(POD, "metadata", "labels", "a"))
        .hasValueSatisfying(value -> assertThat(value.getAsString()).isEqualTo("b"));
    assertThat(Json.name(POD)).isEqualTo("alice");
    assertThat(Json.text(POD, "status", "ready")).isEqualTo("true");
  }

  @Test
  void missingAndNullValuesAreEmpty() {
    assertThat(Json.at(POD, "metadata", "nothing")).isEmpty();
    assertThat(Json.at(POD, "metadata", "name", "deeper")).isEmpty();
    assertThat(Json.at(POD, "spec", "missing", "deeper")).isEmpty();
    assertThat(Json.at(JsonNull.INSTANCE)).isEmpty();
    assertThat(Json.name(new JsonObject())).isEmpty();
  }

  @Test
  void valuesOfAnotherTypeAreEmpty() {
    assertThat(Json.text(POD, "metadata", "labels")).isEmpty();
    assertThat(Json.number(POD, "metadata", "name")).isZero();
    assertThat(Json.list(POD, "metadata")).isEmpty();
    assertThat(Json.map(POD, "spec", "containers")).isEmpty();
  }

  @Test
  void numbersMayBeStrings() {
    assertThat(Json.number(POD, "spec", "replicas")).isEqualTo(4);
    assertThat(Json.number(POD, "status", "restarts")).isEqualTo(3);
  }

  @Test
  void objectsOfAListWithoutOtherElements() {
    assertThat(Json.list(POD, "spec", "containers")).hasSize(3);
    assertThat(Json.objects(POD, "spec", "containers"))
        .extracting(container -> Json.text(container, "name"))
        .containsExactly("selkies", "other");
  }

  @Test
  void mapHasOnlyTextFields() {
    assertThat(Json.map(POD, "metadata", "labels"))
        .containsOnlyKeys("a", "n")
        .containsEntry("n", "1");
  }
}
