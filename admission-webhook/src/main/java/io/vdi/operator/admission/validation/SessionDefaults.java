package io.vdi.operator.admission.validation;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.util.List;

/**
 * The fields that the webhook writes into a session if the user leaves them out, as JSON of the
 * spec: those that quotas and billing depend on, so that a change of the template does not change
 * what an existing session uses; docs/specification.md, section 1. {@link Defaults} computes the
 * values, for the webhook and the controller alike.
 */
final class SessionDefaults {
  private SessionDefaults() {}

  static JsonObject of(VdiTemplate.Spec template) {
    Defaults.EffectiveSpec effective = Defaults.effectiveSpec(VdiSession.Spec.EMPTY, template);
    JsonObject resources = new JsonObject();
    if (effective.gpu() > 0) {
      // A template can offer desktops without a GPU, but the schema of sessions requires 1 or more.
      resources.addProperty("gpu", effective.gpu());
    }
    resources.addProperty("memory", effective.memory());
    resources.addProperty("cpu", effective.cpu());
    JsonObject persistence = new JsonObject();
    persistence.addProperty("size", effective.size());
    JsonObject spec = new JsonObject();
    spec.add("resources", resources);
    spec.add("persistence", persistence);
    spec.addProperty("timeout", text(template.timeout(), effective.lifetime()));
    return spec;
  }

  /** The same fields of an existing session. */
  static JsonObject frozen(JsonObject spec) {
    JsonObject frozen = new JsonObject();
    copy(spec, frozen, "resources", List.of("gpu", "memory", "cpu"));
    copy(spec, frozen, "persistence", List.of("size"));
    if (spec.has("timeout")) {
      frozen.add("timeout", spec.get("timeout"));
    }
    return frozen;
  }

  /** With the storage class of an existing session, if it names one. */
  static JsonObject withStorageClass(JsonObject defaults, JsonObject spec) {
    JsonObject result = defaults.deepCopy();
    copy(spec, result, "persistence", List.of("storageClassName"));
    return result;
  }

  private static void copy(JsonObject from, JsonObject to, String section, List<String> fields) {
    if (!(from.get(section) instanceof JsonObject given)) {
      return;
    }
    for (String field : fields) {
      if (given.has(field) && !given.get(field).isJsonNull()) {
        if (!to.has(section)) {
          to.add(section, new JsonObject());
        }
        to.getAsJsonObject(section).add(field, given.get(field));
      }
    }
  }

  /**
   * The duration in the spelling of the template if it has the same length: 90m and 1h30m are
   * equal.
   */
  private static String text(String spelling, Duration duration) {
    return Durations.parse(spelling).filter(duration::equals).isPresent()
        ? spelling
        : Durations.format(duration);
  }
}
