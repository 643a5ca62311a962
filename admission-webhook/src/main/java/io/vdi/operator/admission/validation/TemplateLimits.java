package io.vdi.operator.admission.validation;

import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The maximums of a template, and the users that can use it; docs/specification.md, section 4. The
 * components of the model are null where a template sets no maximum.
 */
final class TemplateLimits {
  private static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();

  private final VdiTemplate template;
  private final List<String> violations = new ArrayList<>();

  private TemplateLimits(VdiTemplate template) {
    this.template = template;
  }

  /**
   * The values of a session that exceed a maximum of its template. For an existing session only
   * values that grow are checked, so that lowering a maximum does not affect existing sessions.
   *
   * @param before the spec before the change; empty for a new session
   */
  static List<String> violations(
      VdiTemplate template, VdiSession.Spec session, Optional<VdiSession.Spec> before) {
    TemplateLimits check = new TemplateLimits(template);
    VdiTemplate.Spec spec = template.spec();
    Defaults.EffectiveSpec now = Defaults.effectiveSpec(session, spec);
    Optional<Defaults.EffectiveSpec> old = before.map(b -> Defaults.effectiveSpec(b, spec));
    Integer maxGpu = spec.resources().maxGPU();
    if (maxGpu != null
        && now.gpu() > maxGpu
        && grows(old.map(Defaults.EffectiveSpec::gpu), now.gpu())) {
      check.report("resources.gpu", String.valueOf(now.gpu()), String.valueOf(maxGpu));
    }
    check.quantity(
        "resources.memory",
        now.memory(),
        old.map(Defaults.EffectiveSpec::memory),
        spec.resources().maxMemory());
    check.quantity(
        "resources.cpu",
        now.cpu(),
        old.map(Defaults.EffectiveSpec::cpu),
        spec.resources().maxCPU());
    // The effective size is at most maxSize. What counts here is what the session asks for, also
    // while it has no home, because it can get one later.
    String size = session.persistence().size();
    if (size != null) {
      check.quantity(
          "persistence.size",
          size,
          before.map(b -> b.persistence().size()),
          spec.persistence().maxSize());
    }
    Optional<Duration> maxTimeout = Durations.parse(spec.maxTimeout());
    if (maxTimeout.isPresent()
        && now.timeout().compareTo(maxTimeout.get()) > 0
        && grows(old.map(Defaults.EffectiveSpec::timeout), now.timeout())) {
      check.report("timeout", Durations.format(now.timeout()), spec.maxTimeout());
    }
    check.idleTimeout(session, before);
    return check.violations;
  }

  private void idleTimeout(VdiSession.Spec session, Optional<VdiSession.Spec> before) {
    String max = template.spec().maxIdleTimeout();
    String text = session.idleTimeout();
    // A session that leaves it out gets at most the maximum.
    if (text == null
        || Durations.parse(max).filter(limit -> idle(session).compareTo(limit) > 0).isEmpty()
        || !grows(before.map(this::idle), idle(session))) {
      return;
    }
    if (text.equals(Defaults.NEVER)) {
      violations.add(
          "spec.idleTimeout 0s: means never, but template %s allows at most %s: ask for %s or less"
              .formatted(template.name(), max, max));
    } else {
      report("idleTimeout", text, max);
    }
  }

  /** The idle timeout that a session requests, before the maximum is applied. */
  private Duration idle(VdiSession.Spec session) {
    return Defaults.NEVER.equals(session.idleTimeout())
        ? FOREVER
        : Durations.parse(session.idleTimeout())
            .or(() -> Defaults.effectiveSpec(session, template.spec()).idleTimeout())
            .orElse(FOREVER);
  }

  /**
   * Why this user cannot use the template; empty if it can. A template that names neither users nor
   * groups is for everybody.
   */
  static Optional<String> accessViolation(
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

  private void quantity(String field, String now, Optional<String> old, String max) {
    if (max != null
        && Quantities.isLarger(now, max)
        && old.filter(value -> !Quantities.isLarger(now, value)).isEmpty()) {
      report(field, now, max);
    }
  }

  private static <T extends Comparable<T>> boolean grows(Optional<T> old, T now) {
    return old.filter(value -> now.compareTo(value) <= 0).isEmpty();
  }

  private void report(String field, String value, String max) {
    violations.add(
        "spec.%s %s: is more than template %s allows, which is %s: ask for %s or less"
            .formatted(field, value, template.name(), max, max));
  }
}
