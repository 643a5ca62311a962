package io.vdi.operator.gate.api.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.gate.api.StartRequest;

/** Pure: the VDISession of a request. What the request leaves out, the admission webhook adds. */
final class SessionObjects {
  private SessionObjects() {}

  /**
   * @param template whose values apply
   */
  static JsonObject of(
      StartRequest request, String user, String namespace, String name, VdiTemplate template) {
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", name);
    metadata.addProperty("namespace", namespace);
    JsonObject spec = new JsonObject();
    spec.addProperty("user", user);
    spec.addProperty("template", template.name());
    JsonObject resources = new JsonObject();
    request.gpu().ifPresent(gpu -> resources.addProperty("gpu", gpu));
    request.memory().ifPresent(memory -> resources.addProperty("memory", memory));
    request.cpu().ifPresent(cpu -> resources.addProperty("cpu", cpu));
    addTo(spec, "resources", resources);
    JsonObject persistence = new JsonObject();
    request.persistent().ifPresent(enabled -> persistence.addProperty("enabled", enabled));
    request.homeSize().ifPresent(size -> persistence.addProperty("size", size));
    request
        .reclaimPolicy()
        .map(ReclaimPolicy::text)
        .ifPresent(policy -> persistence.addProperty("reclaimPolicy", policy));
    addTo(spec, "persistence", persistence);
    request.timeout().ifPresent(timeout -> spec.addProperty("timeout", Durations.format(timeout)));
    request
        .idleTimeout()
        .ifPresent(idle ->
            spec.addProperty(
                "idleTimeout", idle.isZero() ? Defaults.NEVER : Durations.format(idle)));
    JsonObject session = new JsonObject();
    session.addProperty("apiVersion", ResourceType.SESSION.apiVersion());
    session.addProperty("kind", ResourceType.SESSION.kind());
    session.add("metadata", metadata);
    session.add("spec", spec);
    return session;
  }

  private static void addTo(JsonObject spec, String field, JsonObject value) {
    if (!value.isEmpty()) {
      spec.add(field, value);
    }
  }
}
