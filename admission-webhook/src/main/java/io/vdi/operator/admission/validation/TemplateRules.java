package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The rules for a template, spec.md section 4. */
final class TemplateRules {
  private static final Pattern ENV_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  /** What makes the desktop reachable and keeps others out: a template that sets it breaks both. */
  private static final Set<String> OWN_ENV =
      Set.of(
          "SELKIES_ENCODER",
          "SELKIES_BASIC_AUTH_PASSWORD",
          "SELKIES_ENABLE_BASIC_AUTH",
          "DISPLAY",
          "SELKIES_ADDR",
          "SELKIES_PORT");

  private static final String OWN_PREFIX = "SELKIES_TURN_";

  /** Also set by the operator, but a template may have a reason to set it otherwise. */
  private static final Set<String> SHADOWED_ENV =
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
    spec.text("image", image -> !image.isBlank(), "give the image of the desktop");
    spec.text(
        "image",
        image ->
            allowedRegistries.isEmpty()
                || allowedRegistries.stream().anyMatch(r -> isFrom(image, r)),
        "must come from one of " + String.join(", ", allowedRegistries));
    FieldValidator resources = spec.section("resources");
    resources.number("defaultGPU", 0, Integer.MAX_VALUE, "must be a whole number, 0 or more");
    resources.number("maxGPU", 0, Integer.MAX_VALUE, "must be a whole number, 0 or more");
    for (String field : List.of("defaultMemory", "maxMemory")) {
      SessionRules.quantity(resources, field, "4Gi");
    }
    for (String field : List.of("defaultCPU", "maxCPU")) {
      SessionRules.quantity(resources, field, "500m or 2");
    }
    FieldValidator persistence = spec.section("persistence");
    SessionRules.quantity(persistence, "size", "10Gi");
    persistence.text(
        "reclaimPolicy", Set.of("Delete", "Retain")::contains, "must be Delete or Retain");
    for (String field : List.of("timeout", "maxTimeout", "idleTimeout", "startupTimeout")) {
      SessionRules.duration(spec, field);
    }
    environment(spec);
    return fields.violations();
  }

  private static void environment(FieldValidator spec) {
    JsonArray variables = spec.array("env").orElseGet(JsonArray::new);
    for (int i = 0; i < variables.size(); i++) {
      JsonElement item = variables.get(i);
      if (!item.isJsonObject()) {
        spec.note("env[" + i + "]", item, "must be an object with name and value");
        continue;
      }
      FieldValidator variable = spec.item("env", i, item.getAsJsonObject());
      variable.require("name", "give the name of the variable");
      variable
          .text(
              "name",
              name -> ENV_NAME.matcher(name).matches(),
              "must be letters, digits and '_', and not begin with a digit")
          .filter(name -> OWN_ENV.contains(name) || name.startsWith(OWN_PREFIX))
          .ifPresent(name ->
              variable.note(
                  "name",
                  item.getAsJsonObject().get("name"),
                  "is the operator's own: leave it out; encoder, port and transport are fields of"
                      + " spec"));
    }
  }

  static List<String> warnings(JsonObject template) {
    List<String> warnings = new ArrayList<>();
    FieldValidator spec = FieldValidator.of(template).section("spec");
    for (JsonElement item : spec.array("env").orElseGet(JsonArray::new)) {
      if (item.isJsonObject()
          && item.getAsJsonObject().get("name") instanceof JsonPrimitive name
          && SHADOWED_ENV.contains(name.getAsString())) {
        warnings.add(
            "spec.env: "
                + name.getAsString()
                + " takes the place of what the operator sets; desktops may not start or not be"
                + " reachable");
      }
    }
    return warnings;
  }

  /** Whether an image is of a registry, or of a path below one: {@code ghcr.io/desks}. */
  private static boolean isFrom(String image, String registry) {
    return image.startsWith(registry.endsWith("/") ? registry : registry + "/");
  }
}
