package io.vdi.operator.admission.validation;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;

/** What a session that says nothing gets from its template, as the fields of its spec. */
final class SessionDefaults {
  private static final VdiSession.Spec SILENT =
      new VdiSession.Spec(null, null, null, null, null, null, false);

  private SessionDefaults() {}

  static JsonObject of(VdiTemplate.Spec template) {
    Defaults.EffectiveSpec complete = Defaults.effectiveSpec(SILENT, template);
    JsonObject resources = new JsonObject();
    if (complete.gpu() > 0) {
      // A desktop without a GPU is the template's to offer; a session cannot ask for none.
      resources.addProperty("gpu", complete.gpu());
    }
    resources.addProperty("memory", complete.memory());
    resources.addProperty("cpu", complete.cpu());
    JsonObject persistence = new JsonObject();
    persistence.addProperty("enabled", complete.persistent());
    persistence.addProperty("size", complete.size());
    complete
        .storageClassName()
        .ifPresent(name -> persistence.addProperty("storageClassName", name));
    persistence.addProperty("reclaimPolicy", complete.reclaimPolicy().text());
    JsonObject spec = new JsonObject();
    spec.add("resources", resources);
    spec.add("persistence", persistence);
    spec.addProperty("timeout", text(template.timeout(), complete.lifetime()));
    complete
        .idleTimeout()
        .ifPresent(idle -> spec.addProperty("idleTimeout", text(template.idleTimeout(), idle)));
    return spec;
  }

  /**
   * In the template's own spelling, where it has one that means this: 90m and 1h30m are the same.
   */
  private static String text(String own, Duration duration) {
    return Durations.parse(own).filter(duration::equals).isPresent()
        ? own
        : Durations.format(duration);
  }
}
