package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSyntaxException;
import io.vdi.operator.common.model.ObjectMeta;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** KubeGsonTest has the decoding of complete metadata. */
class ObjectMetaAdapterProperties {
  @Property(tries = 300)
  void anyJsonInOtherFieldsAndUnderOtherKeysIsSkipped(
      @ForAll("json") JsonElement skipped, @ForAll("otherNames") String name) {
    JsonObject json = new JsonObject();
    json.add(name, skipped);
    JsonObject annotations = new JsonObject();
    annotations.add("example.com/" + name, skipped);
    annotations.addProperty("vdi.kasm.io/user", "a@b.c");
    annotations.add("kubectl.kubernetes.io/last-applied-configuration", skipped);
    json.add("annotations", annotations);
    json.add("managedFields", skipped);
    json.addProperty("name", "desk");
    ObjectMeta expected = read("{name: desk, annotations: {'vdi.kasm.io/user': a@b.c}}");
    assertThat(KubeGson.gson().fromJson(json.toString(), ObjectMeta.class))
        .as("%s as text", json)
        .isEqualTo(expected);
    assertThat(KubeGson.gson().fromJson(json, ObjectMeta.class))
        .as("%s as a tree", json)
        .isEqualTo(expected);
  }

  @Example
  void onlyTheExactPrefixesOfTheOperatorAreItsKeys() {
    ObjectMeta metadata =
        read(
            """
            {"labels": {"vdi.kasm.io/a": "1", "vdi.kasm.iox/a": "2", "x.vdi.kasm.io/a": "3",
              "VDI.kasm.io/a": "4", "vdi.kasm.io": "5", "": "6", "nvidia.com/gpu.product": "7"}}
            """);
    assertThat(metadata.labels())
        .isEqualTo(Map.of("vdi.kasm.io/a", "1", "nvidia.com/gpu.product", "7"));
  }

  @Example
  void timesAreReadInEveryZone() {
    Map.of(
            "2026-01-01T00:30:00+14:00", "2025-12-31T10:30:00Z",
            "2025-12-31T23:59:59-12:00", "2026-01-01T11:59:59Z",
            "2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00Z",
            "2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z",
            "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456789Z",
            "9999-12-31T23:59:59-00:01", "+10000-01-01T00:00:59Z")
        .forEach((text, time) ->
            assertThat(read("{\"deletionTimestamp\": \"%s\"}".formatted(text)).deletionTimestamp())
                .as(text)
                .isEqualTo(Instant.parse(time)));
  }

  @Example
  void aTimeThatDoesNotExistIsAbsent() {
    for (String text :
        List.of(
            "2026-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00+25:00",
            "2026-01-01 00:00:00Z",
            "\uFF12\uFF10\uFF12\uFF16-01-01T00:00:00Z",
            "")) {
      ObjectMeta metadata =
          read(
              "{\"creationTimestamp\": \"%1$s\", \"deletionTimestamp\": \"%1$s\"}".formatted(text));
      assertThat(metadata).as(text).isEqualTo(ObjectMeta.EMPTY);
    }
  }

  @Example
  void numbersAreExactOrAnError() {
    ObjectMeta metadata =
        read(
            "{\"generation\": 9007199254740993, \"deletionGracePeriodSeconds\": 9223372036854775807}");
    assertThat(metadata.generation()).isEqualTo((1L << 53) + 1);
    assertThat(metadata.deletionGracePeriodSeconds()).isEqualTo(Long.MAX_VALUE);
    for (String json :
        List.of(
            "{\"generation\": 92233720368547758070}",
            "{\"generation\": 1.5}",
            "{\"deletionGracePeriodSeconds\": true}",
            "{\"finalizers\": {\"0\": \"a\"}}",
            "{\"ownerReferences\": {\"uid\": \"o\"}}",
            "{\"uid\": [\"u\"]}",
            "{\"name\": \"desk\"")) {
      assertThatThrownBy(() -> read(json), json).isInstanceOf(JsonSyntaxException.class);
    }
  }

  private static ObjectMeta read(String json) {
    return KubeGson.gson().fromJson(json, ObjectMeta.class);
  }

  @Provide
  Arbitrary<String> otherNames() {
    return Arbitraries.oneOf(
        Arbitraries.of("Name", "names", "selfLink", "", "\u0000", "$patch"),
        Arbitraries.strings().ofMaxLength(10).map(name -> "x" + name));
  }

  @Provide
  Arbitrary<JsonElement> json() {
    return Arbitraries.recursive(
        ObjectMetaAdapterProperties::primitive, ObjectMetaAdapterProperties::container, 0, 5);
  }

  private static Arbitrary<JsonElement> primitive() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(10).map(JsonPrimitive::new),
        Arbitraries.bigDecimals().map(JsonPrimitive::new),
        Arbitraries.of(true, false).map(JsonPrimitive::new),
        Arbitraries.just(JsonNull.INSTANCE));
  }

  private static Arbitrary<JsonElement> container(Arbitrary<JsonElement> inner) {
    Arbitrary<JsonElement> array =
        inner
            .list()
            .ofMaxSize(3)
            .map(items -> {
              JsonArray list = new JsonArray();
              items.forEach(list::add);
              return list;
            });
    Arbitrary<JsonElement> object =
        Arbitraries.maps(Arbitraries.of("name", "labels", "vdi.kasm.io/user", "\""), inner)
            .ofMaxSize(3)
            .map(fields -> {
              JsonObject map = new JsonObject();
              fields.forEach(map::add);
              return map;
            });
    return Arbitraries.oneOf(array, object);
  }
}
