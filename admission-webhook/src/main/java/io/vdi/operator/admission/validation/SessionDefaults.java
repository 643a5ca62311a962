package io.vdi.operator.admission.validation;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;

/**
 * The fields that a session gets from its template if the user leaves them out, as JSON of the
 * spec. {@link Defaults} computes the values, for the webhook and the controller alike.
 */
final class SessionDefaults {
  private static final VdiSession.Spec EMPTY_SPEC =
      new VdiSession.Spec(null, null, null, null, null, null, null, false);

  private SessionDefaults() {}

  static JsonObject of(VdiTemplate.Spec template) {
    Defaults.EffectiveSpec effective = Defaults.effectiveSpec(EMPTY_SPEC, template);
    JsonObject resources = new JsonObject();
    if (effective.gpu() > 0) {
      // A template can offer desktops without a GPU, but the schema of sessions requires 1 or more.
      resources.addProperty("gpu", effective.gpu());
    }
    resources.addProperty("memory", effective.memory());
    resources.addProperty("cpu", effective.cpu());
    JsonObject persistence = new JsonObject();
    persistence.addProperty("enabled", effective.persistent());
    persistence.addProperty("size", effective.size());
    effective
        .storageClassName()
        .ifPresent(name -> persistence.addProperty("storageClassName", name));
    persistence.addProperty("reclaimPolicy", effective.reclaimPolicy().text());
    JsonObject spec = new JsonObject();
    spec.add("resources", resources);
    spec.add("persistence", persistence);
    spec.addProperty("timeout", text(template.timeout(), effective.lifetime()));
    effective
        .idleTimeout()
        .ifPresent(idle -> spec.addProperty("idleTimeout", text(template.idleTimeout(), idle)));
    return spec;
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
