package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.DesktopServer;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.IdleOn;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.pod.PodTemplateRules;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

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

  private static final Pattern ICON =
      Pattern.compile("[a-z]+|data:image/(png|webp|svg\\+xml);base64,[A-Za-z0-9+/]+=*");

  private static final Pattern GPU_RESOURCE =
      Pattern.compile("[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?");

  private static final Pattern DNS_NAME =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");

  /** The limits of ResourceClaims. */
  private static final int MAX_DRIVER = 63;

  private static final int MAX_SELECTORS = 32;
  private static final int MAX_EXPRESSION = 10_240;
  private static final int MAX_PARAMETERS = 10_240;

  private static final int MAX_ICON = 32_768;

  /** Set by the operator too, but a template can have a reason for another value. */
  private static final Set<String> OVERRIDABLE_ENV =
      Set.of(
          "SELKIES_MODE",
          "SELKIES_ENABLE_DUAL_MODE",
          "NVIDIA_DRIVER_CAPABILITIES",
          "NVIDIA_VISIBLE_DEVICES");

  private TemplateRules() {}

  /**
   * @param old empty for a new template
   */
  static List<String> violations(
      JsonObject template, Optional<JsonObject> old, List<String> allowedRegistries) {
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
        image -> PodTemplateRules.isAllowed(image, allowedRegistries),
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
    requests(resources);
    defaultWithinMaximum(resources, "defaultMemory", "maxMemory", Quantities::isLarger);
    defaultWithinMaximum(resources, "defaultCPU", "maxCPU", Quantities::isLarger);
    resources
        .number("maxGPU")
        .filter(max -> resources.number("defaultGPU").filter(gpu -> gpu > max).isPresent())
        .ifPresent(max ->
            resources.report(
                "defaultGPU",
                new JsonPrimitive(resources.number("defaultGPU").orElseThrow()),
                "is more than maxGPU of this template: lower it, or raise maxGPU"));
    spec.string(
        "icon",
        icon -> icon.length() <= MAX_ICON && ICON.matcher(icon).matches(),
        "must be the name of an icon of the portal, or a data URL of a PNG, WebP or SVG file of at most "
            + MAX_ICON
            + " characters, such as data:image/png;base64,…");
    gpu(spec.section("gpu"));
    spec.oneOf("idleOn", IdleOn.values(), IdleOn::text);
    busy(spec);
    FieldValidator persistence = spec.section("persistence");
    SessionRules.quantity(persistence, "size", "10Gi");
    SessionRules.quantity(persistence, "maxSize", "50Gi");
    defaultWithinMaximum(persistence, "size", "maxSize", Quantities::isLarger);
    length(persistence, "storageClassName", MAX_NAME);
    persistence.oneOf("reclaimPolicy", ReclaimPolicy.values(), ReclaimPolicy::text);
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
    spec.string(
        "drainGrace",
        text -> text.equals(Defaults.NEVER) || isDrainGrace(text),
        "must be a duration from 1m to 24h, such as 30m, or 0s for never");
    ScheduleRules.check(spec);
    defaultWithinMaximum(spec, "timeout", "maxTimeout", TemplateRules::isLonger);
    defaultWithinMaximum(spec, "idleTimeout", "maxIdleTimeout", TemplateRules::isLonger);
    Optional<DesktopServer> server =
        FlavorRules.server(spec, old.map(before -> FieldValidator.of(before).section("spec")));
    server.ifPresent(found -> environment(spec, found));
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
    return Stream.concat(
            fields.violations().stream(),
            server.stream().flatMap(found -> podTemplate(spec, found, allowedRegistries).stream()))
        .toList();
  }

  /** Above which usage a desktop is not idle. */
  private static void busy(FieldValidator spec) {
    FieldValidator busy = spec.section("busy");
    SessionRules.quantity(busy, "cpuAbove", "500m");
    busy.integer("gpuAbove", 1, 99, "must be a whole number from 1 to 99, in percent");
  }

  /** An extended resource, or devices of a DeviceClass. */
  private static void gpu(FieldValidator gpu) {
    gpu.string(
        "resourceName",
        name -> name.length() <= MAX_NAME && GPU_RESOURCE.matcher(name).matches(),
        "must be the name of an extended resource, such as nvidia.com/gpu or amd.com/gpu");
    Optional<String> deviceClass =
        gpu.string(
            "deviceClassName",
            name -> name.length() <= MAX_NAME && DNS_NAME.matcher(name).matches(),
            "must be the name of a DeviceClass, such as gpu.nvidia.com");
    gpu.text("resourceName")
        .filter(name -> deviceClass.isPresent())
        .ifPresent(name ->
            gpu.report(
                "resourceName", new JsonPrimitive(name), VdiTemplate.GPU_NAMES_EXCLUDE_EACH_OTHER));
    selectors(gpu);
    gpu.object("deviceConfig")
        .ifPresent(config -> {
          FieldValidator fields = gpu.section("deviceConfig");
          fields.require("driver", "give the name of the driver that reads the parameters");
          fields.string(
              "driver",
              name -> name.length() <= MAX_DRIVER && DNS_NAME.matcher(name).matches(),
              "must be the name of a driver, such as gpu.nvidia.com");
          fields.require("parameters", "give the object that the driver reads");
          fields
              .object("parameters")
              .filter(parameters -> parameters.toString().length() > MAX_PARAMETERS)
              .ifPresent(parameters ->
                  fields.report(
                      "parameters",
                      parameters,
                      "must have at most " + MAX_PARAMETERS + " characters as JSON"));
          if (gpu.text("deviceClassName").isEmpty()) {
            gpu.report("deviceConfig", config, VdiTemplate.GPU_NEEDS_DEVICE_CLASS);
          }
        });
  }

  private static void selectors(FieldValidator gpu) {
    gpu.list("selectors")
        .ifPresent(selectors -> {
          strings(gpu, "selectors", MAX_SELECTORS, MAX_EXPRESSION);
          if (gpu.text("deviceClassName").isEmpty()) {
            gpu.report("selectors", selectors, VdiTemplate.GPU_NEEDS_DEVICE_CLASS);
          }
        });
  }

  /** Every session that leaves the field out would be refused. */
  private static void defaultWithinMaximum(
      FieldValidator fields, String field, String maximum, BiPredicate<String, String> isMore) {
    Optional<String> value = fields.text(field);
    fields
        .text(maximum)
        .filter(max -> value.filter(text -> isMore.test(text, max)).isPresent())
        .ifPresent(max ->
            fields.report(
                field,
                new JsonPrimitive(value.orElseThrow()),
                "is more than %s of this template: lower it, or raise %s"
                    .formatted(maximum, maximum)));
  }

  private static boolean isDrainGrace(String text) {
    return Durations.parse(text)
        .filter(grace ->
            grace.compareTo(Duration.ofMinutes(1)) >= 0
                && grace.compareTo(Duration.ofHours(24)) <= 0)
        .isPresent();
  }

  private static boolean isLonger(String a, String b) {
    return Durations.parse(a)
        .flatMap(x -> Durations.parse(b).map(y -> x.compareTo(y) > 0))
        .orElse(false);
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

  private static void environment(FieldValidator spec, DesktopServer server) {
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
      source(variable);
      variable
          .string(
              "name",
              name -> name.length() <= MAX_NAME && ENV_NAME.matcher(name).matches(),
              "must be letters, digits and '_', and not begin with a digit")
          .filter(server::isReserved)
          .ifPresent(name ->
              variable.report(
                  "name",
                  item.getAsJsonObject().get("name"),
                  "is the operator's own: leave it out; encoder, port and transport are fields of"
                      + " spec"));
    }
  }

  /** Instead of a value: a key of a Secret or of a ConfigMap in the namespace of the session. */
  private static void source(FieldValidator variable) {
    Optional<JsonObject> source = variable.object("valueFrom");
    if (source.isEmpty()) {
      return;
    }
    if (variable.text("value").isPresent()) {
      variable.report("valueFrom", source.get(), "leave out either value or valueFrom");
    }
    List<String> kinds =
        List.of("secretKeyRef", "configMapKeyRef").stream().filter(source.get()::has).toList();
    if (kinds.size() != 1 || source.get().size() != 1) {
      variable.report(
          "valueFrom", source.get(), "must have either secretKeyRef or configMapKeyRef");
      return;
    }
    FieldValidator ref = variable.section("valueFrom").section(kinds.getFirst());
    for (String field : List.of("name", "key")) {
      ref.require(field, "give the name and the key");
      length(ref, field, MAX_NAME);
    }
  }

  /** What the scheduler reserves cannot be more than what the desktops get. */
  private static void requests(FieldValidator resources) {
    FieldValidator requests = resources.section("requests");
    Map<String, List<String>> limits =
        Map.of(
            "cpu", List.of("defaultCPU", Defaults.CPU),
            "memory", List.of("defaultMemory", Defaults.MEMORY));
    for (String field : List.of("cpu", "memory")) {
      SessionRules.quantity(requests, field, field.equals("cpu") ? "500m" : "2Gi");
      String limit =
          resources.text(limits.get(field).getFirst()).orElse(limits.get(field).getLast());
      requests
          .text(field)
          .filter(text -> Quantities.isLarger(text, limit))
          .ifPresent(text ->
              requests.report(
                  field,
                  new JsonPrimitive(text),
                  "is more than the limit of %s, which is %s: lower it, or raise resources.%s"
                      .formatted(field, limit, limits.get(field).getFirst())));
    }
  }

  private static List<String> podTemplate(
      FieldValidator spec, DesktopServer server, List<String> allowedRegistries) {
    FieldValidator gpu = spec.section("gpu");
    return spec.object("podTemplate")
        .map(podTemplate ->
            PodTemplateRules.violations(
                podTemplate,
                new PodTemplateRules.Context(
                    server,
                    spec.number("port").orElse(server.port()),
                    spec.text("homePath").orElse(server.homePath()),
                    new VdiTemplate.Gpu(
                            gpu.text("resourceName").orElse(""),
                            gpu.text("deviceClassName").orElse(""),
                            List.of(),
                            null)
                        .request(),
                    allowedRegistries)))
        .orElse(List.of());
  }

  static List<String> warnings(JsonObject template) {
    FieldValidator spec = FieldValidator.of(template).section("spec");
    Stream<String> variables =
        spec.list("env").orElseGet(JsonArray::new).asList().stream()
            .filter(JsonObject.class::isInstance)
            .map(item -> item.getAsJsonObject().get("name"))
            .filter(JsonPrimitive.class::isInstance)
            .map(JsonElement::getAsString)
            .filter(OVERRIDABLE_ENV::contains)
            .distinct()
            .map(name ->
                "spec.env: "
                    + name
                    + " replaces the value of the operator; desktops may not start or may be unreachable");
    return Stream.concat(variables, FlavorRules.warnings(spec)).toList();
  }
}
