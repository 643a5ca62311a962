package io.vdi.operator.admission.validation;

import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.DesktopServer.ActivitySource;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.ArrayList;
import java.util.List;

/** Warnings for settings of a session that are valid but probably a mistake. */
final class SessionWarnings {
  private SessionWarnings() {}

  /**
   * The session waits until the template exists. The limits of the template are not checked before
   * that.
   */
  static List<String> missingTemplate(String name) {
    return List.of(
        "spec.template \"%s\": there is no such VDITemplate: the session waits until it exists; kubectl get vdit shows the existing ones"
            .formatted(ShortText.of(name)));
  }

  static List<String> of(VdiSession.Spec session, VdiTemplate template, boolean timeSliced) {
    Defaults.EffectiveSpec spec = Defaults.effectiveSpec(session, template.spec());
    List<String> warnings = new ArrayList<>();
    boolean chosen = Defaults.NEVER.equals(session.idleTimeout());
    if (spec.gpu() > 0 && spec.idleTimeout().isEmpty() && !chosen) {
      warnings.add(
          "spec.idleTimeout is not set: the session keeps its GPU while nobody is connected");
    }
    switch (template.spec().server().activity()) {
      case ActivitySource.Api _ -> {
        // The reaper learns who is connected.
      }
      case ActivitySource.None _ ->
          spec.idleTimeout()
              .ifPresent(timeout ->
                  warnings.add(
                      "spec.idleTimeout has no effect: desktops of flavor %s do not report who is connected"
                          .formatted(template.spec().flavor().text())));
    }
    boolean ownSize =
        session.persistence().size() != null && !session.persistence().size().equals(Defaults.SIZE);
    boolean templateSize = template.spec().persistence().size() != null;
    if (spec.persistent()
        && spec.reclaimPolicy() == ReclaimPolicy.RETAIN
        && !ownSize
        && !templateSize) {
      warnings.add(
          "spec.persistence.reclaimPolicy is Retain and no size is given: a home of "
              + Defaults.SIZE
              + " is kept when the session is deleted");
    }
    ScheduleRules.warning(spec).ifPresent(warnings::add);
    if (timeSliced && spec.gpu() > 1) {
      warnings.add(
          "spec.resources.gpu "
              + spec.gpu()
              + ": the GPUs here are time-sliced, and more than one does not give a larger share");
    }
    return warnings;
  }
}
