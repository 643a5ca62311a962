package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Quantities;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The rules for templates; docs/specification.md, sections 1 and 4. */
final class TemplateRules {
  private static final Pattern ENV_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

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
    spec.string("image", image -> !image.isBlank(), "give the image of the desktop");
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
    for (int i = 0; i < variables.size(); i++) {
      JsonElement item = variables.get(i);
      if (!item.isJsonObject()) {
        spec.report("env[" + i + "]", item, "must be an object with name and value");
        continue;
      }
      FieldValidator variable = spec.item("env", i, item.getAsJsonObject());
      variable.require("name", "give the name of the variable");
      variable
          .string(
              "name",
              name -> ENV_NAME.matcher(name).matches(),
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
    List<String> warnings = new ArrayList<>();
    FieldValidator spec = FieldValidator.of(template).section("spec");
    for (JsonElement item : spec.list("env").orElseGet(JsonArray::new)) {
      if (item.isJsonObject()
          && item.getAsJsonObject().get("name") instanceof JsonPrimitive name
          && OVERRIDABLE_ENV.contains(name.getAsString())) {
        warnings.add(
            "spec.env: "
                + name.getAsString()
                + " replaces the value of the operator; desktops may not start or may be unreachable");
      }
    }
    return warnings;
  }

  /** Whether an image is in a registry, or below a path in one, such as {@code ghcr.io/desks}. */
  private static boolean isFrom(String image, String registry) {
    return image.startsWith(registry.endsWith("/") ? registry : registry + "/");
  }
}
