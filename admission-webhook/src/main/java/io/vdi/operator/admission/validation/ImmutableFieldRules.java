package io.vdi.operator.admission.validation;

import io.vdi.operator.common.model.VdiSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Fields of a session that cannot change; docs/specification.md, section 1. The components of the
 * model are null where a field is absent.
 */
final class ImmutableFieldRules {
  private ImmutableFieldRules() {}

  static List<String> violations(VdiSession.Spec before, VdiSession.Spec now) {
    List<String> violations = new ArrayList<>();
    immutable(violations, "user", before.user(), now.user());
    immutable(violations, "template", before.template(), now.template());
    immutable(
        violations,
        "persistence.storageClassName",
        before.persistence().storageClassName(),
        now.persistence().storageClassName());
    return violations;
  }

  private static void immutable(List<String> violations, String field, String before, String now) {
    if (!Objects.equals(before, now)) {
      violations.add(
          "spec.%s \"%s\": is immutable, and was \"%s\": make a new session for another"
              .formatted(
                  field,
                  ShortText.of(Objects.requireNonNullElse(now, "")),
                  ShortText.of(Objects.requireNonNullElse(before, ""))));
    }
  }
}
