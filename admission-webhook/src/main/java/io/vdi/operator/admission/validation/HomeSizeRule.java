package io.vdi.operator.admission.validation;

import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Optional;

/**
 * The size of a home cannot be lowered below the capacity of its volume; docs/specification.md,
 * section 1. A size that the storage refused, or has not provided yet, can be taken back. The
 * schema cannot check this, because it does not know the claim.
 */
final class HomeSizeRule {
  private HomeSizeRule() {}

  /**
   * Why the size cannot change like this; empty if it can. A size that a session leaves out is the
   * default.
   *
   * @param home the claim of the session; empty if it does not exist
   */
  static Optional<String> violation(
      VdiSession.Spec before,
      VdiSession.Spec now,
      Optional<VdiTemplate> template,
      Optional<PersistentVolumeClaim> home) {
    VdiTemplate.Spec defaults = template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY);
    String size = Defaults.effectiveSpec(now, defaults).size();
    if (!Quantities.isLarger(Defaults.effectiveSpec(before, defaults).size(), size)) {
      return Optional.empty();
    }
    return home.filter(PersistentVolumeClaim::isBound)
        .filter(claim -> Quantities.isLarger(claim.capacity(), size))
        .map(claim ->
            "spec.persistence.size %s: is less than the %s of PersistentVolumeClaim %s, and a volume cannot shrink: give %s or more"
                .formatted(size, claim.capacity(), claim.name(), claim.capacity()));
  }

  /**
   * Whether a change may lower the size, so that the claim must be read. If a size is left out, its
   * default is not known yet.
   */
  static boolean mayLower(RawObject before, RawObject now) {
    return !before
        .homeSize()
        .flatMap(Quantities::parse)
        .flatMap(
            old -> now.homeSize().flatMap(Quantities::parse).map(size -> size.compareTo(old) >= 0))
        .orElse(before.homeSize().equals(now.homeSize()));
  }
}
