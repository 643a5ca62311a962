package io.vdi.operator.common.pod;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.DesktopServer;
import io.vdi.operator.common.model.GpuRequest;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a template's {@code podTemplate} cannot override, because the operator must own it: without
 * its name, port, home and password a desktop is unreachable, unprotected, or loses data;
 * docs/specification.md, section 1. The webhook refuses such templates. The controller checks them
 * again, because a template can be older than the webhook.
 */
public final class PodTemplateRules {
  /** Where the operator mounts shared memory, and the TURN credentials. */
  public static final String SHARED_MEMORY = "/dev/shm";

  public static final String TURN_CREDENTIALS = "/run/vdi/turn";

  private static final String PATH = "spec.podTemplate.";
  private static final int MAX_SIZE = 65_536;
  private static final int MAX_SHOWN = 60;

  private static final Set<String> OWN_VOLUMES = Set.of("home", "shm", "turn");

  private static final Set<String> OWN_LABELS =
      Set.of(Labels.NAME, Labels.INSTANCE, Labels.MANAGED_BY);

  /**
   * GPUs by their names, such as nvidia.com/gpu.shared, nvidia.com/mig-1g.10gb and
   * gpu.intel.com/i915, and the devices of a DeviceClass.
   */
  private static final Pattern GPU =
      Pattern.compile(".*/(gpu|mig-).*|gpu\\..*/.*|deviceclass\\.resource\\.kubernetes\\.io/.*");

  /** Fields of the pod with what to use instead. */
  private static final Map<String, String> OWN_POD_FIELDS =
      Map.of(
          "restartPolicy", "is the operator's own, which restarts desktops: leave it out",
          "ephemeralContainers", "cannot be set when a pod is created: leave it out",
          "resourceClaims", "would not count for the quotas: use spec.gpu.deviceClassName",
          "runtimeClassName", "use spec.runtimeClassName");

  /** Fields of the desktop's container with what to use instead. */
  private static final Map<String, String> OWN_CONTAINER_FIELDS =
      Map.of(
          "image", "use spec.image",
          "imagePullPolicy", "use spec.imagePullPolicy",
          "resources", "use spec.resources, which the limits and quotas apply to");

  private final List<String> violations = new ArrayList<>();

  /**
   * What the rules depend on besides the podTemplate.
   *
   * @param server of the desktop
   * @param port of the desktop
   * @param homePath where the home is mounted
   * @param gpu what desktops of the template request
   * @param allowedRegistries of images; empty: any
   */
  public record Context(
      DesktopServer server,
      int port,
      String homePath,
      GpuRequest gpu,
      List<String> allowedRegistries) {}

  private PodTemplateRules() {}

  /**
   * Whether an image is in one of these registries, or below a path in one, such as {@code
   * ghcr.io/desks}.
   */
  public static boolean isAllowed(String image, List<String> registries) {
    return registries.isEmpty()
        || registries.stream()
            .anyMatch(
                registry -> image.startsWith(registry.endsWith("/") ? registry : registry + "/"));
  }

  /**
   * One message per violation, with field, value and what to do.
   *
   * @param podTemplate as the client sent it: every field can have any type
   */
  public static List<String> violations(JsonObject podTemplate, Context context) {
    PodTemplateRules rules = new PodTemplateRules();
    if (podTemplate.toString().length() > MAX_SIZE) {
      rules.violations.add(
          "spec.podTemplate: must have at most " + MAX_SIZE + " characters as JSON");
      return rules.violations;
    }
    rules.unmergeable(PATH.substring(0, PATH.length() - 1), podTemplate);
    if (rules.violations.isEmpty()) {
      rules.metadata(object(podTemplate, "metadata"));
      rules.spec(object(podTemplate, "spec"), context);
    }
    return rules.violations;
  }

  /** Null would remove fields of the operator, and directives would replace them. */
  private void unmergeable(String path, JsonElement element) {
    switch (element) {
      case JsonNull n ->
          violations.add(path + " null: must have a value: leave the field out instead");
      case JsonObject object ->
          object
              .entrySet()
              .forEach(entry -> {
                String field = path + "." + entry.getKey();
                if (entry.getKey().startsWith("$")) {
                  report(field, entry.getValue(), "is not supported: leave it out");
                } else {
                  unmergeable(field, entry.getValue());
                }
              });
      case JsonArray array -> {
        for (int i = 0; i < array.size(); i++) {
          unmergeable(path + "[" + i + "]", array.get(i));
        }
      }
      case JsonPrimitive primitive -> {
        // Every other value can be merged.
      }
      default -> throw new IllegalStateException("JSON has no other kinds");
    }
  }

  private void metadata(JsonObject metadata) {
    for (String map : List.of("labels", "annotations")) {
      object(metadata, map)
          .entrySet()
          .forEach(entry -> {
            if (OWN_LABELS.contains(entry.getKey())
                || entry.getKey().startsWith(VdiSession.GROUP + "/")) {
              report(
                  PATH + "metadata." + map + "[" + entry.getKey() + "]",
                  entry.getValue(),
                  "is the operator's own: leave it out");
            }
          });
    }
  }

  private void spec(JsonObject spec, Context context) {
    own(PATH + "spec.", spec, OWN_POD_FIELDS);
    for (JsonObject volume : items(PATH + "spec.", spec, "volumes", "name")) {
      if (OWN_VOLUMES.contains(text(volume, "name"))) {
        report(
            PATH + "spec.volumes",
            volume.get("name"),
            "is the operator's own volume: choose another name");
      }
    }
    for (String list : List.of("containers", "initContainers")) {
      for (JsonObject container : items(PATH + "spec.", spec, list, "name")) {
        String path = PATH + "spec." + list + "[" + text(container, "name") + "].";
        if (text(container, "name").equals(Pod.DESKTOP)) {
          if (list.equals("initContainers")) {
            report(path + "name", container.get("name"), "is the desktop's: choose another name");
          } else {
            desktop(path, container, context);
          }
        } else {
          image(path, container, context.allowedRegistries());
          gpus(path, container, context);
          port(path, container, context);
        }
      }
    }
  }

  private void desktop(String path, JsonObject container, Context context) {
    own(path, container, OWN_CONTAINER_FIELDS);
    port(path, container, context);
    for (JsonObject variable : items(path, container, "env", "name")) {
      if (context.server().isReserved(text(variable, "name"))) {
        report(
            path + "env",
            variable.get("name"),
            "is the operator's own: leave it out; encoder, port and transport are fields of spec");
      }
    }
    Set<String> ownMounts = Set.of(context.homePath(), SHARED_MEMORY, TURN_CREDENTIALS);
    for (JsonObject mount : items(path, container, "volumeMounts", "mountPath")) {
      String at = text(mount, "mountPath");
      if (ownMounts.contains(at.length() > 1 && at.endsWith("/") ? strip(at) : at)) {
        report(
            path + "volumeMounts",
            mount.get("mountPath"),
            "is the operator's own mount: choose another path");
      }
    }
  }

  private static String strip(String path) {
    return path.substring(0, path.length() - 1);
  }

  /** All containers of a pod have one address, so another one cannot listen on this port. */
  private void port(String path, JsonObject container, Context context) {
    if (!(container.get("ports") instanceof JsonArray ports)) {
      return;
    }
    for (JsonElement port : ports) {
      boolean same =
          port instanceof JsonObject object
              && (text(object, "name").equals("http")
                  || text(object, "containerPort").equals(String.valueOf(context.port())));
      if (same) {
        report(path + "ports", port, "is the desktop's own port: choose another number and name");
      }
    }
  }

  private void image(String path, JsonObject container, List<String> registries) {
    if (!isAllowed(text(container, "image"), registries)) {
      report(
          path + "image",
          new JsonPrimitive(text(container, "image")),
          "must come from one of " + String.join(", ", registries));
    }
  }

  private void gpus(String path, JsonObject container, Context context) {
    JsonObject resources = object(container, "resources");
    for (String kind : List.of("limits", "requests")) {
      object(resources, kind).entrySet().stream()
          .filter(resource -> isGpu(resource.getKey(), context.gpu()))
          .forEach(resource ->
              report(
                  path + "resources." + kind + "[" + resource.getKey() + "]",
                  resource.getValue(),
                  "would not count for the quotas: leave it out, only the desktop gets GPUs"));
    }
  }

  private static boolean isGpu(String resource, GpuRequest request) {
    return request.equals(new GpuRequest.ExtendedResource(resource))
        || GPU.matcher(resource).matches();
  }

  private void own(String path, JsonObject object, Map<String, String> fields) {
    fields.entrySet().stream()
        .filter(field -> object.has(field.getKey()))
        .sorted(Map.Entry.comparingByKey())
        .forEach(
            field -> report(path + field.getKey(), object.get(field.getKey()), field.getValue()));
  }

  /** The items of a list that is merged by this key; each must have it. */
  private List<JsonObject> items(String path, JsonObject parent, String field, String key) {
    JsonElement list = parent.get(field);
    if (list == null) {
      return List.of();
    }
    if (!(list instanceof JsonArray array)) {
      report(path + field, list, "must be a list");
      return List.of();
    }
    List<JsonObject> items = new ArrayList<>();
    for (int i = 0; i < array.size(); i++) {
      if (array.get(i) instanceof JsonObject item && !text(item, key).isEmpty()) {
        items.add(item);
      } else {
        report(
            path + field + "[" + i + "]",
            array.get(i),
            "must be an object with " + key + ", by which it is merged");
      }
    }
    return items;
  }

  private void report(String field, JsonElement value, String rule) {
    String text = value.toString();
    String shown = text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…";
    violations.add(field + " " + shown + ": " + rule);
  }

  private static JsonObject object(JsonObject parent, String field) {
    return parent.get(field) instanceof JsonObject child ? child : new JsonObject();
  }

  private static String text(JsonObject parent, String field) {
    return parent.get(field) instanceof JsonPrimitive p ? p.getAsString() : "";
  }
}
