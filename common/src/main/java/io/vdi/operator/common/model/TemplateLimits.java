package io.vdi.operator.common.model;

import io.vdi.operator.common.identity.IdentityMapping;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The maximums of a template, and the users that can use it; docs/specification.md, section 4. The
 * webhook checks them for each request, the controller for a session that is older than its
 * template. The components of the model are null where a template sets no maximum.
 */
public final class TemplateLimits {
  private static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();

  private final String name;
  private final VdiTemplate.Spec template;

  /** The end of the messages; empty, or that the values must be lowered to resume the session. */
  private final String purpose;

  private final List<String> violations = new ArrayList<>();

  private TemplateLimits(String name, VdiTemplate.Spec template, String purpose) {
    this.name = name;
    this.template = template;
    this.purpose = purpose;
  }

  /**
   * The values of a session that exceed a maximum of its template. For an existing session only
   * values that grow are checked, so that lowering a maximum does not affect existing sessions
   * until they are suspended and resumed: a resume is checked like a new session. Only the size
   * that the claim of the home has is allowed then, because a volume cannot shrink.
   *
   * @param name of the template, for the messages
   * @param previous the spec before the change; empty for a new session
   * @param home the claim of a session that is resumed; empty if it does not exist or is not known
   */
  public static List<String> violations(
      String name,
      VdiTemplate.Spec spec,
      VdiSession.Spec session,
      Optional<VdiSession.Spec> previous,
      Optional<PersistentVolumeClaim> home) {
    boolean resumes = previous.filter(b -> resumes(b, session)).isPresent();
    Optional<VdiSession.Spec> before = previous.filter(b -> !resumes);
    TemplateLimits check = new TemplateLimits(name, spec, resumes ? " to resume" : "");
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
      check.size(size, before.map(b -> b.persistence().size()), home.filter(claim -> resumes));
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

  /** Whether a change of the spec resumes a suspended session. */
  public static boolean resumes(VdiSession.Spec before, VdiSession.Spec now) {
    return before.suspended() && !now.suspended();
  }

  private void size(String size, Optional<String> old, Optional<PersistentVolumeClaim> home) {
    String max = template.persistence().maxSize();
    Optional<String> claimed =
        home.map(claim ->
                Quantities.isLarger(claim.requestedSize(), claim.capacity())
                        || claim.capacity().isEmpty()
                    ? claim.requestedSize()
                    : claim.capacity())
            .filter(has -> Quantities.isLarger(has, max));
    if (claimed.isEmpty()) {
      quantity("persistence.size", size, old, max);
    } else if (Quantities.isLarger(size, claimed.get())) {
      violations.add(
          "spec.persistence.size %s: is more than template %s allows, which is %s, and more than the %s that the home has: ask for %s or less%s"
              .formatted(size, name, max, claimed.get(), claimed.get(), purpose));
    }
  }

  private void idleTimeout(VdiSession.Spec session, Optional<VdiSession.Spec> before) {
    String max = template.maxIdleTimeout();
    String text = session.idleTimeout();
    // A session that leaves it out gets at most the maximum.
    if (text == null
        || Durations.parse(max).filter(limit -> idle(session).compareTo(limit) > 0).isEmpty()
        || !grows(before.map(this::idle), idle(session))) {
      return;
    }
    if (text.equals(Defaults.NEVER)) {
      violations.add(
          "spec.idleTimeout 0s: means never, but template %s allows at most %s: ask for %s or less%s"
              .formatted(name, max, max, purpose));
    } else {
      report("idleTimeout", text, max);
    }
  }

  /** The idle timeout that a session requests, before the maximum is applied. */
  private Duration idle(VdiSession.Spec session) {
    return Defaults.NEVER.equals(session.idleTimeout())
        ? FOREVER
        : Durations.parse(session.idleTimeout())
            .or(() -> Defaults.effectiveSpec(session, template).idleTimeout())
            .orElse(FOREVER);
  }

  /**
   * Whether a user can use the template. One that names neither users nor groups is for everybody.
   *
   * @param groups of the Kubernetes user that creates the session
   */
  public static boolean allows(VdiTemplate.Spec template, String user, List<String> groups) {
    return allows(template.allowedUsers(), template.allowedGroups(), user, groups);
  }

  /** The same with the lists {@code allowedUsers} and {@code allowedGroups} of the template. */
  public static boolean allows(
      List<String> allowedUsers, List<String> allowedGroups, String user, List<String> groups) {
    return (allowedUsers.isEmpty() && allowedGroups.isEmpty())
        || allowedUsers.stream()
            // The first comparison is cheap for texts of other lengths.
            .filter(user::equalsIgnoreCase)
            .anyMatch(allowed -> IdentityMapping.isSame(allowed, user))
        || groups.stream().anyMatch(allowedGroups::contains);
  }

  /** Why a user that the template does not allow cannot use it. */
  public static String accessViolation(String name, String user) {
    return "spec.template \"%s\": is not for %s: choose another template, or ask an admin to add you"
        .formatted(name, user);
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
        "spec.%s %s: is more than template %s allows, which is %s: ask for %s or less%s"
            .formatted(field, value, name, max, max, purpose));
  }
}
