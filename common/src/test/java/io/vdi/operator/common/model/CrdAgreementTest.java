package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.annotations.SerializedName;
import io.vdi.operator.common.kube.KubeGson;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** The schema of the CRDs is the contract: the records have exactly its fields and types. */
class CrdAgreementTest {
  private static final Path CRDS = Path.of("../charts/vdi-operator/templates/crds");

  @Test
  @DisplayName("VdiSession has the fields of the schema")
  void session() throws IOException {
    agree("vdisessions", VdiSession.class);
  }

  @Test
  @DisplayName("VdiTemplate has the fields of the schema")
  void template() throws IOException {
    agree("vditemplates", VdiTemplate.class);
  }

  @Test
  @DisplayName("VdiUsage has the fields of the schema")
  void usage() throws IOException {
    agree("vdiusages", VdiUsage.class, List.of("spec"));
  }

  @Test
  @DisplayName("the schema of VDISession has no defaults; they would override the template's")
  void noDefaults() throws IOException {
    assertThat(Files.readString(CRDS.resolve("vdisessions.yaml"))).doesNotContain("default:");
  }

  private static void agree(String name, Class<?> record) throws IOException {
    agree(name, record, List.of("spec", "status"));
  }

  private static void agree(String name, Class<?> record, List<String> parts) throws IOException {
    Map<?, ?> schema = schema(name);
    for (String part : parts) {
      RecordComponent component =
          Arrays.stream(record.getRecordComponents())
              .filter(c -> c.getName().equals(part))
              .findFirst()
              .orElseThrow();
      agree(name + "." + part, at(schema, "properties", part), component.getType());
    }
  }

  private static void agree(String path, Map<?, ?> schema, Type type) {
    if (type instanceof ParameterizedType p && p.getRawType().equals(List.class)) {
      assertThat(schema.get("type")).as(path).isEqualTo("array");
      agree(path + "[]", (Map<?, ?>) schema.get("items"), p.getActualTypeArguments()[0]);
      return;
    }
    if (!(type instanceof Class<?> c) || !c.isRecord()) {
      assertThat(schema.get("type")).as(path).isEqualTo(jsonType(type));
      if (type instanceof Class<?> values && values.isEnum()) {
        // A value that only the schema has would be read as absent, without an error.
        assertThat(schema.get("enum")).as(path).isEqualTo(constants(values));
      }
      return;
    }
    assertThat(schema.get("type")).as(path).isEqualTo("object");
    Map<?, ?> properties = (Map<?, ?>) schema.get("properties");
    Set<String> components = new TreeSet<>();
    for (RecordComponent component : c.getRecordComponents()) {
      String name = name(c, component);
      components.add(name);
      assertThat(properties.containsKey(name)).as(path + "." + name + " in the CRD").isTrue();
      agree(path + "." + name, (Map<?, ?>) properties.get(name), component.getGenericType());
    }
    assertThat(components).as(path).isEqualTo(properties.keySet());
  }

  private static String name(Class<?> record, RecordComponent component) {
    try {
      SerializedName other =
          record.getDeclaredField(component.getName()).getAnnotation(SerializedName.class);
      return other == null ? component.getName() : other.value();
    } catch (NoSuchFieldException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> constants(Class<?> values) {
    return Arrays.stream(values.getEnumConstants())
        .map(constant -> KubeGson.gson().toJsonTree(constant).getAsString())
        .toList();
  }

  private static String jsonType(Type type) {
    if (type instanceof ParameterizedType
        || type.equals(JsonObject.class)
        || type.equals(Map.class)) {
      return "object";
    }
    if (type.equals(JsonArray.class)) {
      return "array";
    }
    if (type.equals(int.class) || type.equals(long.class) || type.equals(Integer.class)) {
      return "integer";
    }
    if (type.equals(boolean.class) || type.equals(Boolean.class)) {
      return "boolean";
    }
    boolean text =
        type.equals(String.class)
            || type.equals(Instant.class)
            || (type instanceof Class<?> c && c.isEnum());
    assertThat(text).as("a rule for " + type).isTrue();
    return "string";
  }

  private static Map<?, ?> schema(String name) throws IOException {
    Map<?, ?> crd = new Yaml().load(Files.readString(CRDS.resolve(name + ".yaml")));
    Map<?, ?> version = (Map<?, ?>) ((List<?>) at(crd, "spec").get("versions")).getFirst();
    return at(version, "schema", "openAPIV3Schema");
  }

  private static Map<?, ?> at(Map<?, ?> map, String... path) {
    Map<?, ?> here = map;
    for (String step : path) {
      here = (Map<?, ?>) here.get(step);
    }
    return here;
  }
}
