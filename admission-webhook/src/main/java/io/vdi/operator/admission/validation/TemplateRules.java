package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Quantities;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The rules for templates; docs/specification.md, sections 1 and 4. */
final class TemplateRules {
  private static final Pattern ENV_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private static final int MAX_NAME = 253;
  private static final int MAX_PATH = 1024;
  private static final int MAX_EMAIL = 254;
  private static final int MAX_VARIABLES = 256;
  private static final int MAX_VALUE = 32_768;
  private static final int MAX_ITEMS = 64;
  private static final int MAX_USERS = 4096;
  private static final int MAX_GROUPS = 1024;

  /** Texts without another rule here. The lengths are those of the schema. */
  private static final Map<String, Integer> MAX_LENGTHS =
      Map.of(
          "displayName", MAX_NAME,
          "description", 4096,
          "encoder", 64,
          "homePath", MAX_PATH,
          "healthPath", MAX_PATH,
          "runtimeClassName", MAX_NAME);

  /**
   * Variables that make the desktop reachable and protect it. A template that sets one of them
   * breaks this.
   */
  private static final Set<String> RESERVED_ENV =
      Set.of(
          "SELKIES_ENCODER",
          "SELKIES_BASIC_AUTH_PASSWORD",
          "SELKIES_ENABLE_BASIC_AUTH",
          "DISPLAY",
          "SELKIES_ADDR",
          "SELKIES_PORT");

  private static final String RESERVED_PREFIX = "SELKIES_TURN_";

  /** Set by the operator too, but a template can have a reason for another value. */
  private static final Set<String> OVERRIDABLE_ENV =
      Set.of(
          "SELKIES_MODE",
          "SELKIES_ENABLE_DUAL_MODE",
          "NVIDIA_DRIVER_CAPABILITIES",
          "NVIDIA_VISIBLE_DEVICES");

  private TemplateRules() {}

  static List<String> violations(JsonObject template, List<String> allowedRegistries) {
    FieldValidator fields = FieldValidator.of(template);
    FieldValidator spec = fields.section("spec");
    spec.require("image", "give the image of the desktop");
    spec.string(
        "image",
        image -> image.length() <= MAX_PATH && !image.isBlank(),
        "give the image of the desktop, in at most " + MAX_PATH + " characters");
    MAX_LENGTHS.forEach((field, max) -> length(spec, field, max));
    spec.string(
        "image",
        image ->
            allowedRegistries.isEmpty()
                || allowedRegistries.stream().anyMatch(r -> isFrom(image, r)),
        "must come from one of " + String.join(", ", allowedRegistries));
    FieldValidator resources = spec.section("resources");
    resources.integer("defaultGPU", 0, Integer.MAX_VALUE, "must be a whole number, 0 or more");
    resources.integer("maxGPU", 0, Integer.MAX_VALUE, "must be a whole number, 0 or more");
    for (String field : List.of("defaultMemory", "maxMemory")) {
      SessionRules.quantity(resources, field, "4Gi");
    }
    for (String field : List.of("defaultCPU", "maxCPU")) {
      SessionRules.quantity(resources, field, "500m or 2");
    }
    SessionRules.quantity(resources, "ephemeralStorage", "10Gi");
    FieldValidator persistence = spec.section("persistence");
    SessionRules.quantity(persistence, "size", "10Gi");
    SessionRules.quantity(persistence, "maxSize", "50Gi");
    sizeWithinMaximum(persistence);
    length(persistence, "storageClassName", MAX_NAME);
    persistence.string(
        "reclaimPolicy", Set.of("Delete", "Retain")::contains, "must be Delete or Retain");
    for (String field :
        List.of(
            "timeout",
            "maxTimeout",
            "idleTimeout",
            "maxIdleTimeout",
            "deleteAfterSuspended",
            "startupTimeout")) {
      SessionRules.duration(spec, field);
    }
    idleTimeout(spec);
    environment(spec);
    strings(spec, "allowedUsers", MAX_USERS, MAX_EMAIL);
    strings(spec, "allowedGroups", MAX_GROUPS, MAX_PATH);
    for (String field : List.of("imagePullSecrets", "tolerations")) {
      spec.list(field)
          .filter(list -> list.size() > MAX_ITEMS)
          .ifPresent(list -> spec.report(field, list, "must have at most " + MAX_ITEMS + " items"));
    }
    spec.object("nodeSelector")
        .filter(labels -> labels.size() > MAX_ITEMS)
        .ifPresent(labels ->
            spec.report("nodeSelector", labels, "must have at most " + MAX_ITEMS + " labels"));
    return fields.violations();
  }

  private static void sizeWithinMaximum(FieldValidator persistence) {
    Optional<String> size = persistence.text("size").filter(TemplateRules::isQuantity);
    persistence
        .text("maxSize")
        .filter(TemplateRules::isQuantity)
        .filter(max -> size.filter(it -> Quantities.isLarger(it, max)).isPresent())
        .ifPresent(max ->
            persistence.report(
                "size",
                new JsonPrimitive(size.orElseThrow()),
                "is more than maxSize of this template: lower it, or raise maxSize"));
  }

  private static boolean isQuantity(String text) {
    return Quantities.parse(text).isPresent();
  }

  private static void length(FieldValidator fields, String field, int max) {
    fields.string(field, text -> text.length() <= max, "must have at most " + max + " characters");
  }

  /** Every request for a session of the template compares its user and groups with these. */
  private static void strings(FieldValidator spec, String field, int maxItems, int maxLength) {
    JsonArray items = spec.list(field).orElseGet(JsonArray::new);
    if (items.size() > maxItems) {
      spec.report(field, items, "must have at most " + maxItems + " items");
      return;
    }
    for (int i = 0; i < items.size(); i++) {
      if (!(items.get(i) instanceof JsonPrimitive p)
          || !p.isString()
          || p.getAsString().length() > maxLength) {
        spec.report(
            field + "[" + i + "]",
            items.get(i),
            "must be a string of at most " + maxLength + " characters");
      }
    }
  }

  private static void idleTimeout(FieldValidator spec) {
    Optional<Duration> max = spec.text("maxIdleTimeout").flatMap(Durations::parse);
    spec.text("idleTimeout")
        .flatMap(Durations::parse)
        .filter(idle -> max.filter(limit -> limit.compareTo(idle) < 0).isPresent())
        .ifPresent(idle ->
            spec.report(
                "idleTimeout",
                new JsonPrimitive(Durations.format(idle)),
                "is more than maxIdleTimeout of this template: lower it, or raise maxIdleTimeout"));
  }

  private static void environment(FieldValidator spec) {
    JsonArray variables = spec.list("env").orElseGet(JsonArray::new);
    if (variables.size() > MAX_VARIABLES) {
      spec.report("env", variables, "must have at most " + MAX_VARIABLES + " variables");
      return;
    }
    for (int i = 0; i < variables.size(); i++) {
      JsonElement item = variables.get(i);
      if (!item.isJsonObject()) {
        spec.report("env[" + i + "]", item, "must be an object with name and value");
        continue;
      }
      FieldValidator variable = spec.item("env", i, item.getAsJsonObject());
      variable.require("name", "give the name of the variable");
      length(variable, "value", MAX_VALUE);
      variable
          .string(
              "name",
              name -> name.length() <= MAX_NAME && ENV_NAME.matcher(name).matches(),
              "must be letters, digits and '_', and not begin with a digit")
          .filter(name -> RESERVED_ENV.contains(name) || name.startsWith(RESERVED_PREFIX))
          .ifPresent(name ->
              variable.report(
                  "name",
                  item.getAsJsonObject().get("name"),
                  "is the operator's own: leave it out; encoder, port and transport are fields of"
                      + " spec"));
    }
  }

  static List<String> warnings(JsonObject template) {
    FieldValidator spec = FieldValidator.of(template).section("spec");
    return spec.list("env").orElseGet(JsonArray::new).asList().stream()
        .filter(JsonObject.class::isInstance)
        .map(item -> item.getAsJsonObject().get("name"))
        .filter(JsonPrimitive.class::isInstance)
        .map(JsonElement::getAsString)
        .filter(OVERRIDABLE_ENV::contains)
        .distinct()
        .map(name ->
            "spec.env: "
                + name
                + " replaces the value of the operator; desktops may not start or may be unreachable")
        .toList();
  }

  /** Whether an image is in a registry, or below a path in one, such as {@code ghcr.io/desks}. */
  private static boolean isFrom(String image, String registry) {
    return image.startsWith(registry.endsWith("/") ? registry : registry + "/");
  }
}
