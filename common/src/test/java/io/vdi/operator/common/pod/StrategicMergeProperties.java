package io.vdi.operator.common.pod;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** StrategicMergeIT compares the merge with kubectl. */
class StrategicMergeProperties {
  private static final JsonObject NOTHING = new JsonObject();

  @Property(tries = 300)
  void mergingNothingChangesNothing(@ForAll("podSpecs") JsonObject spec) {
    assertThat(StrategicMerge.podSpec(spec, NOTHING)).isEqualTo(spec);
    assertThat(StrategicMerge.podSpec(NOTHING, spec)).isEqualTo(spec);
  }

  @Property(tries = 300)
  void mergingTwiceIsMergingOnce(
      @ForAll("podSpecs") JsonObject base, @ForAll("podSpecs") JsonObject overlay) {
    JsonObject once = StrategicMerge.podSpec(base, overlay);
    assertThat(StrategicMerge.podSpec(once, overlay)).isEqualTo(once);
  }

  @Property(tries = 300)
  void overlaysCanBeMergedIntoEachOtherFirst(
      @ForAll("podSpecs") JsonObject base,
      @ForAll("podSpecs") JsonObject first,
      @ForAll("podSpecs") JsonObject second) {
    assertThat(StrategicMerge.podSpec(base, StrategicMerge.podSpec(first, second)))
        .isEqualTo(StrategicMerge.podSpec(StrategicMerge.podSpec(base, first), second));
  }

  @Property(tries = 300)
  void theContainersOfTheOperatorStayTheFirstInTheirOrder(
      @ForAll("podSpecs") JsonObject base, @ForAll("podSpecs") JsonObject overlay) {
    List<JsonElement> before = names(base);
    List<JsonElement> merged = names(StrategicMerge.podSpec(base, overlay));
    assertThat(merged.subList(0, before.size())).isEqualTo(before);
    assertThat(merged).containsAll(names(overlay)).doesNotHaveDuplicates();
  }

  private static List<JsonElement> names(JsonObject spec) {
    return spec.get("containers") instanceof JsonArray containers
        ? containers.asList().stream().map(item -> item.getAsJsonObject().get("name")).toList()
        : List.of();
  }

  @Property(tries = 300)
  void theArgumentsStayUnchangedAlsoWhenTheResultChanges(
      @ForAll("podSpecs") JsonObject base, @ForAll("podSpecs") JsonObject overlay) {
    String before = base + " " + overlay;
    JsonObject merged = StrategicMerge.podSpec(base, overlay);
    assertThat(base + " " + overlay).isEqualTo(before);
    clear(merged);
    assertThat(base + " " + overlay).as("after a change of the result").isEqualTo(before);
  }

  private static void clear(JsonElement element) {
    if (element instanceof JsonObject object) {
      object.asMap().values().forEach(StrategicMergeProperties::clear);
      object.asMap().clear();
    } else if (element instanceof JsonArray array) {
      array.forEach(StrategicMergeProperties::clear);
      array.asList().clear();
    }
  }

  /** The controller merges templates that are older than the webhook, with whatever they have. */
  @Property(tries = 1000)
  void everyJsonIsMergedAndHasTheFieldsOfBoth(
      @ForAll("anything") JsonObject base, @ForAll("anything") JsonObject overlay) {
    JsonObject merged = StrategicMerge.podSpec(base, overlay);
    base.entrySet().stream()
        .filter(field -> !overlay.has(field.getKey()))
        .forEach(field ->
            assertThat(merged.get(field.getKey()))
                .as("%s, which only the base has", field.getKey())
                .isEqualTo(field.getValue()));
    overlay.entrySet().stream()
        .filter(field ->
            !base.has(field.getKey())
                || !field.getValue().getClass().equals(base.get(field.getKey()).getClass())
                || field.getValue().isJsonPrimitive())
        .forEach(field ->
            assertThat(merged.get(field.getKey()))
                .as("%s, which replaces that of the base", field.getKey())
                .isEqualTo(field.getValue()));
    assertThat(merged.keySet())
        .containsAll(base.keySet())
        .containsAll(overlay.keySet())
        .allMatch(key -> base.has(key) || overlay.has(key));
  }

  @Example
  void aNumberIsTheSameKeyHoweverItWasMade() {
    Map<String, Object> port = Map.of("containerPort", 8080, "name", "http");
    Map<String, Object> container = Map.of("name", "desk", "ports", List.of(port));
    JsonObject built =
        new Gson().toJsonTree(Map.of("containers", List.of(container))).getAsJsonObject();
    assertThat(
            StrategicMerge.podSpec(
                built, json("{containers: [{name: desk, ports: [{containerPort: 8080, a: b}]}]}")))
        .isEqualTo(
            json("{containers: [{name: desk, ports: [{containerPort: 8080, name: http, a: b}]}]}"));
  }

  @Example
  void anEmptyListReplacesAPlainListAndLeavesAMergedOne() {
    merged(
        "{tolerations: [{key: a}], volumes: [{name: a}]}",
        "{tolerations: [], volumes: []}",
        "{tolerations: [], volumes: [{name: a}]}");
  }

  @Example
  void anItemWithoutTheKeyIsAddedEachTime() {
    merged(
        "{volumes: [a, {emptyDir: {}}, {name: a}]}",
        "{volumes: [{emptyDir: {}}, a, [], 1, {name: a, x: y}]}",
        "{volumes: [a, {emptyDir: {}}, {name: a, x: y}, {emptyDir: {}}, a, [], 1]}");
  }

  @Example
  void anItemThatOccursTwiceIsMergedTwice() {
    merged(
        "{containers: [{name: a, image: x}]}",
        "{containers: [{name: a, tty: true}, {name: b}, {name: a, image: y}, {name: b, tty: true}]}",
        "{containers: [{name: a, image: y, tty: true}, {name: b, tty: true}]}");
  }

  @Example
  void keysAreComparedExactly() {
    merged(
        "{volumes: [{name: a}, {name: '1'}, {name: \u00E9}]}",
        "{volumes: [{name: A, x: y}, {name: 1, x: y}, {name: e\u0301, x: y}, {name: {a: b}, x: y}]}",
        "{volumes: [{name: a}, {name: '1'}, {name: \u00E9},"
            + " {name: A, x: y}, {name: 1, x: y}, {name: e\u0301, x: y}, {name: {a: b}, x: y}]}");
  }

  @Example
  void listsHaveTheirKeysOnlyWhereTheApiHasThem() {
    // A list of containers has lists with keys. Everywhere else a list of this name is replaced.
    merged(
        """
        {initContainers: [{name: a, env: [{name: A}], volumes: [{name: a}], ports: [{name: p}]}],
         volumes: [{name: a, env: [{name: A}], projected: {volumes: [{name: a}]}}],
         env: [{name: A}], securityContext: {containers: [{name: a}]}}
        """,
        """
        {initContainers: [{name: a, env: [{name: B}], volumes: [{name: b}], ports: [{name: q}]}],
         volumes: [{name: a, env: [{name: B}], projected: {volumes: [{name: b}]}}],
         env: [{name: B}], securityContext: {containers: [{name: b}]}}
        """,
        """
        {initContainers: [{name: a, env: [{name: A}, {name: B}], volumes: [{name: b}],
                           ports: [{name: p}, {name: q}]}],
         volumes: [{name: a, env: [{name: B}], projected: {volumes: [{name: b}]}}],
         env: [{name: B}], securityContext: {containers: [{name: b}]}}
        """);
  }

  private static void merged(String base, String overlay, String expected) {
    assertThat(StrategicMerge.podSpec(json(base), json(overlay))).isEqualTo(json(expected));
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }

  /** Fields of the right types; the items of merged lists have different keys. */
  @Provide
  Arbitrary<JsonObject> podSpecs() {
    Arbitrary<JsonElement> text = Arbitraries.of("x", "y", "").map(JsonPrimitive::new);
    Arbitrary<JsonElement> texts = list(text);
    Arbitrary<JsonElement> map = element(object(Map.of("a", text, "b", text)));
    Arbitrary<JsonElement> container =
        keyed(
            "name",
            Map.of(
                "image", text,
                "args", texts,
                "env", list(keyed("name", Map.of("value", text, "valueFrom", map))),
                "ports", list(keyed("containerPort", Map.of("protocol", text))),
                "volumeMounts", list(keyed("mountPath", Map.of("subPath", text))),
                "resources", element(object(Map.of("limits", map)))));
    return object(
        Map.of(
            "containers", list(container),
            "initContainers", list(container),
            "volumes", list(keyed("name", Map.of("emptyDir", map, "items", texts))),
            "hostAliases", list(keyed("ip", Map.of("hostnames", texts))),
            "tolerations", list(map),
            "nodeSelector", map,
            "priorityClassName", text));
  }

  private static Arbitrary<JsonElement> keyed(
      String key, Map<String, Arbitrary<JsonElement>> fields) {
    return Combinators.combine(Arbitraries.of("p", "q", "r"), object(fields))
        .as((value, object) -> {
          object.addProperty(key, value);
          return object;
        });
  }

  /** Of items that are objects, each has another value in its last field, the key. */
  private static Arbitrary<JsonElement> list(Arbitrary<JsonElement> item) {
    return item.list()
        .ofMaxSize(3)
        .uniqueElements(element ->
            element instanceof JsonObject object && !object.isEmpty()
                ? object.asMap().values().toArray()[object.size() - 1]
                : element)
        .map(StrategicMergeProperties::array);
  }

  private static JsonElement array(List<JsonElement> items) {
    JsonArray array = new JsonArray();
    items.forEach(array::add);
    return array;
  }

  private static Arbitrary<JsonElement> element(Arbitrary<JsonObject> objects) {
    return objects.map(object -> object);
  }

  private static Arbitrary<JsonObject> object(Map<String, Arbitrary<JsonElement>> fields) {
    Arbitrary<JsonObject> objects = Arbitraries.create(JsonObject::new);
    for (Map.Entry<String, Arbitrary<JsonElement>> field : new TreeMap<>(fields).entrySet()) {
      Arbitrary<Optional<JsonElement>> value = field.getValue().optional(0.5);
      objects =
          Combinators.combine(objects, value)
              .as((object, present) -> {
                present.ifPresent(element -> object.add(field.getKey(), element));
                return object;
              });
    }
    return objects;
  }

  @Provide
  Arbitrary<JsonObject> anything() {
    Arbitrary<JsonElement> primitive =
        Arbitraries.of(
            new JsonPrimitive("p"),
            new JsonPrimitive(1),
            new JsonPrimitive(1e300),
            new JsonPrimitive(true),
            JsonNull.INSTANCE);
    Arbitrary<JsonElement> json =
        Arbitraries.recursive(
            () -> primitive,
            inner ->
                Arbitraries.oneOf(
                    inner.list().ofMaxSize(3).map(StrategicMergeProperties::array),
                    element(object(inner))),
            0,
            4);
    return object(json);
  }

  private static Arbitrary<JsonObject> object(Arbitrary<JsonElement> values) {
    return Arbitraries.maps(
            Arbitraries.of("containers", "name", "env", "ports", "volumes", "$patch", ""), values)
        .ofMaxSize(3)
        .map(fields -> {
          JsonObject object = new JsonObject();
          fields.forEach(object::add);
          return object;
        });
  }
}
