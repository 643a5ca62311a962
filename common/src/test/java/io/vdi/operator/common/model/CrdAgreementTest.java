package io.vdi.operator.common.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.annotations.SerializedName;
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
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** The CRD YAML is the contract; the records must say the same, no field more and no field less. */
class CrdAgreementTest {
  private static final Path CRDS = Path.of("../charts/vdi-operator/templates/crds");

  @Test
  void sessionRecordAndSchemaAgree() throws IOException {
    agree("vdisessions", VdiSession.class);
  }

  @Test
  void templateRecordAndSchemaAgree() throws IOException {
    agree("vditemplates", VdiTemplate.class);
  }

  @Test
  void phasesAgree() throws IOException {
    Map<?, ?> status = at(schema("vdisessions"), "properties", "status", "properties", "phase");
    assertEquals(
        Arrays.stream(Phase.values()).map(Phase::text).collect(Collectors.toSet()),
        Set.copyOf((List<?>) status.get("enum")));
  }

  @Test
  void theDefaultsOfTheTemplateAreNotInTheSchema() throws IOException {
    // A schema default would hide the template's: spec.md section 1.
    assertTrue(!Files.readString(CRDS.resolve("vdisessions.yaml")).contains("default:"));
  }

  private static void agree(String name, Class<?> record) throws IOException {
    Map<?, ?> schema = schema(name);
    for (String part : List.of("spec", "status")) {
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
      assertEquals("array", schema.get("type"), path);
      agree(path + "[]", (Map<?, ?>) schema.get("items"), p.getActualTypeArguments()[0]);
      return;
    }
    if (!(type instanceof Class<?> c) || !c.isRecord()) {
      assertEquals(jsonType(type), schema.get("type"), path);
      return;
    }
    assertEquals("object", schema.get("type"), path);
    Map<?, ?> properties = (Map<?, ?>) schema.get("properties");
    Set<String> components = new TreeSet<>();
    for (RecordComponent component : c.getRecordComponents()) {
      String name = name(c, component);
      components.add(name);
      assertTrue(properties.containsKey(name), path + "." + name + " is not in the CRD");
      agree(path + "." + name, (Map<?, ?>) properties.get(name), component.getGenericType());
    }
    assertEquals(components, new TreeSet<>(properties.keySet()), path);
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
    assertTrue(text, "no rule for " + type);
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
