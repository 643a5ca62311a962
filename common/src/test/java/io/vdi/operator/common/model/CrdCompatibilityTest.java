package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/**
 * Every object that the last released CRDs accept is accepted by the current ones, and no field
 * that clients read is lost; docs/decisions/api-evolution.md.
 */
class CrdCompatibilityTest {
  private static final Path CURRENT = Path.of("../charts/vdi-operator/templates/crds");
  private static final Path RELEASED = Path.of("src/test/resources/released-crds");

  /** A smaller value accepts less. */
  private static final Set<String> UPPER =
      Set.of("maxLength", "maximum", "maxItems", "maxProperties");

  /** A larger value accepts less. */
  private static final Set<String> LOWER =
      Set.of("minLength", "minimum", "minItems", "minProperties");

  /** The beginning of a rule that is true without a field. */
  private static final Pattern NEW_FIELD =
      Pattern.compile("!has\\((?:self|oldSelf)\\.(\\w+)\\) \\|\\| ");

  /** Rules that hold for every object without the fields that are new since the release. */
  private static final Set<String> OF_NEW_FIELDS =
      Set.of(
          "!(has(self.resourceName) && has(self.deviceClassName))",
          "has(self.deviceClassName) || !(has(self.selectors) || has(self.deviceConfig))");

  @ParameterizedTest
  @ValueSource(strings = {"vdisessions", "vditemplates"})
  void compatible(String name) throws IOException {
    Map<?, ?> released = schema(RELEASED.resolve(name + ".yaml"));
    Map<?, ?> current = schema(CURRENT.resolve(name + ".yaml"));
    assertThat(breaks("", released, current)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {properties: {a: {type: string}}}  | {properties: {}}                                | .a is removed
          {type: string}                     | {type: integer}                                 |  type string is now integer
          {enum: [a, b]}                     | {enum: [a]}                                     |  enum lacks b
          {type: string}                     | {type: string, enum: [a]}                       |  enum is new
          {properties: {a: {}}}              | {properties: {a: {}}, required: [a]}            |  requires a
          {maxLength: 9}                     | {maxLength: 8}                                  |  maxLength 9 is now 8
          {}                                 | {maxLength: 8}                                  |  maxLength is new
          {minimum: 0}                       | {minimum: 1}                                    |  minimum 0 is now 1
          {pattern: a}                       | {pattern: b}                                    |  pattern a is now b
          {items: {type: string}}            | {items: {type: integer}}                        | [] type string is now integer
          {}                                 | {x-kubernetes-validations: [{rule: 'self.a'}]}  |  has the new rule self.a
          {x-kubernetes-preserve-unknown-fields: true} | {}                                    |  drops unknown fields
          """)
  void findsWhatBreaks(String released, String current, String problem) {
    assertThat(breaks("", new Yaml().load(released), new Yaml().load(current)))
        .singleElement()
        .asString()
        .isEqualTo(problem.startsWith(".") || problem.startsWith("[") ? problem : " " + problem);
  }

  @Test
  @DisplayName("new optional fields and wider limits are compatible")
  void widening() {
    assertThat(
            breaks(
                "",
                new Yaml().load("{properties: {a: {type: string, maxLength: 8}}, required: [a]}"),
                new Yaml()
                    .load("{properties: {a: {type: string, maxLength: 9}, b: {type: string}}}")))
        .isEmpty();
  }

  @Test
  @DisplayName("a rule that is true without a new field is compatible")
  void ruleForNewField() {
    assertThat(
            breaks(
                "",
                new Yaml().load("{properties: {a: {}}}"),
                new Yaml()
                    .load(
                        "{properties: {a: {}, b: {}}, x-kubernetes-validations:"
                            + " [{rule: '!has(self.b) || self.b != self.a'}]}")))
        .isEmpty();
    assertThat(
            breaks(
                "",
                new Yaml().load("{properties: {a: {}}}"),
                new Yaml()
                    .load(
                        "{properties: {a: {}}, x-kubernetes-validations:"
                            + " [{rule: '!has(self.a) || self.a'}]}")))
        .containsExactly(" has the new rule !has(self.a) || self.a");
  }

  private static List<String> breaks(String path, Map<?, ?> released, Map<?, ?> current) {
    List<String> problems = new ArrayList<>();
    changed(path, "type", released, current, problems);
    changed(path, "format", released, current, problems);
    if (current.containsKey("pattern")) {
      changed(path, "pattern", released, current, problems);
    }
    Collection<?> oldValues = collection(released, "enum");
    if (current.containsKey("enum")) {
      if (!released.containsKey("enum")) {
        problems.add(path + " enum is new");
      }
      oldValues.stream()
          .filter(value -> !collection(current, "enum").contains(value))
          .forEach(value -> problems.add(path + " enum lacks " + value));
    }
    collection(current, "required").stream()
        .filter(field -> !collection(released, "required").contains(field))
        .filter(field -> map(released, "properties").containsKey(field))
        .forEach(field -> problems.add(path + " requires " + field));
    UPPER.forEach(limit -> limit(path, limit, 1, released, current, problems));
    LOWER.forEach(limit -> limit(path, limit, -1, released, current, problems));
    rules(current).stream()
        .filter(rule -> !rules(released).contains(rule) && !OF_NEW_FIELDS.contains(rule))
        .filter(rule -> !isOnlyForNewField(String.valueOf(rule), released))
        .forEach(rule -> problems.add(path + " has the new rule " + rule));
    if (released.containsKey("x-kubernetes-preserve-unknown-fields")
        && !current.containsKey("x-kubernetes-preserve-unknown-fields")) {
      problems.add(path + " drops unknown fields");
    }
    map(released, "properties")
        .forEach((name, schema) -> {
          String field = path + "." + name;
          Map<?, ?> now = map(map(current, "properties"), name);
          if (map(current, "properties").containsKey(name)) {
            problems.addAll(breaks(field, (Map<?, ?>) schema, now));
          } else {
            problems.add(field + " is removed");
          }
        });
    if (released.containsKey("items")) {
      problems.addAll(breaks(path + "[]", map(released, "items"), map(current, "items")));
    }
    return problems;
  }

  /** A released object does not have the field, so the rule is true for it. */
  private static boolean isOnlyForNewField(String rule, Map<?, ?> released) {
    Matcher condition = NEW_FIELD.matcher(rule);
    String outer = rule;
    while (!outer.equals(outer.replaceAll("\\([^()]*\\)", ""))) {
      outer = outer.replaceAll("\\([^()]*\\)", "");
    }
    // Of all operators only the conditional binds weaker than "||".
    return condition.lookingAt()
        && !outer.contains("?")
        && !map(released, "properties").containsKey(condition.group(1));
  }

  private static void changed(
      String path, String key, Map<?, ?> released, Map<?, ?> current, List<String> problems) {
    if (!Objects.equals(released.get(key), current.get(key))) {
      problems.add(path + " " + key + " " + released.get(key) + " is now " + current.get(key));
    }
  }

  private static void limit(
      String path,
      String key,
      int direction,
      Map<?, ?> released,
      Map<?, ?> current,
      List<String> problems) {
    if (!(current.get(key) instanceof Number now)) {
      return;
    }
    if (!(released.get(key) instanceof Number before)) {
      problems.add(path + " " + key + " is new");
    } else if (direction * Double.compare(now.doubleValue(), before.doubleValue()) < 0) {
      problems.add(path + " " + key + " " + before + " is now " + now);
    }
  }

  private static List<?> rules(Map<?, ?> schema) {
    return collection(schema, "x-kubernetes-validations").stream()
        .map(rule -> ((Map<?, ?>) rule).get("rule"))
        .toList();
  }

  private static Collection<?> collection(Map<?, ?> schema, String key) {
    return schema.get(key) instanceof Collection<?> values ? values : List.of();
  }

  private static Map<?, ?> map(Map<?, ?> schema, Object key) {
    return schema.get(key) instanceof Map<?, ?> map ? map : Map.of();
  }

  private static Map<?, ?> schema(Path file) throws IOException {
    Map<?, ?> crd = new Yaml().load(Files.readString(file));
    Map<?, ?> version =
        ((List<?>) map(crd, "spec").get("versions"))
            .stream()
                .map(Map.class::cast)
                .filter(each -> "v1alpha1".equals(each.get("name")))
                .findFirst()
                .orElseThrow();
    return map(map(version, "schema"), "openAPIV3Schema");
  }
}
