package io.vdi.operator.admission.validation;

import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a session may ask of its template at most, and who may use it, spec.md section 4. */
final class TemplateLimits {
  private final VdiTemplate template;
  private final List<String> violations = new ArrayList<>();

  private TemplateLimits(VdiTemplate template) {
    this.template = template;
  }

  /**
   * What passes the template's limits; only what grew, where the session was there before: an admin
   * who lowers a maximum does not lock anybody out of a session they have.
   */
  static List<String> violations(
      VdiTemplate template, VdiSession.Spec session, Optional<VdiSession.Spec> before) {
    TemplateLimits check = new TemplateLimits(template);
    VdiTemplate.Spec spec = template.spec();
    Defaults.EffectiveSpec now = Defaults.effectiveSpec(session, spec);
    Optional<Defaults.EffectiveSpec> was = before.map(old -> Defaults.effectiveSpec(old, spec));
    Integer maxGpu = spec.resources().maxGPU();
    if (maxGpu != null
        && now.gpu() > maxGpu
        && grew(was.map(Defaults.EffectiveSpec::gpu), now.gpu())) {
      check.note("resources.gpu", String.valueOf(now.gpu()), String.valueOf(maxGpu));
    }
    check.quantity(
        "resources.memory",
        now.memory(),
        was.map(Defaults.EffectiveSpec::memory),
        spec.resources().maxMemory());
    check.quantity(
        "resources.cpu",
        now.cpu(),
        was.map(Defaults.EffectiveSpec::cpu),
        spec.resources().maxCPU());
    Optional<Duration> maxTimeout = Durations.parse(spec.maxTimeout());
    if (maxTimeout.isPresent()
        && now.timeout().compareTo(maxTimeout.get()) > 0
        && grew(was.map(Defaults.EffectiveSpec::timeout), now.timeout())) {
      check.note("timeout", Durations.format(now.timeout()), spec.maxTimeout());
    }
    return check.violations;
  }

  /** Why this template is not for this user; empty where it is. Nobody named means everybody. */
  static Optional<String> notAllowed(
      VdiTemplate template, String user, AdmissionRequest.Caller caller) {
    List<String> users = template.spec().allowedUsers();
    List<String> groups = template.spec().allowedGroups();
    boolean allowed =
        (users.isEmpty() && groups.isEmpty())
            || users.stream().anyMatch(user::equalsIgnoreCase)
            || caller.groups().stream().anyMatch(groups::contains);
    return allowed
        ? Optional.empty()
        : Optional.of(
            "spec.template \"%s\": is not for %s: choose another template, or ask an admin to add you"
                .formatted(template.name(), user));
  }

  private void quantity(String field, String now, Optional<String> was, String max) {
    if (max != null
        && Quantities.isLarger(now, max)
        && was.filter(old -> !Quantities.isLarger(now, old)).isEmpty()) {
      note(field, now, max);
    }
  }

  private static <T extends Comparable<T>> boolean grew(Optional<T> before, T now) {
    return before.filter(old -> now.compareTo(old) <= 0).isEmpty();
  }

  private void note(String field, String value, String max) {
    violations.add(
        "spec.%s %s: is more than template %s allows, which is %s: ask for %s or less"
            .formatted(field, value, template.name(), max, max));
  }
}
