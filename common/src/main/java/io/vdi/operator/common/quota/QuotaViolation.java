package io.vdi.operator.common.quota;

import java.util.List;
import java.util.stream.Collectors;

/** A limit that a request would exceed; docs/specification.md, section 4. */
public record QuotaViolation(
    QuotaScope scope, String name, QuotaResource resource, long used, long requested, long limit) {

  /** What a limit counts. */
  public enum QuotaResource {
    SESSIONS("Session"),
    GPUS("GPU");

    private final String label;

    QuotaResource(String label) {
      this.label = label;
    }
  }

  /** One message for all. */
  public static String message(List<QuotaViolation> violations) {
    return violations.stream().map(QuotaViolation::message).collect(Collectors.joining("; "));
  }

  /** {@code GPU quota exceeded for user alice@example.com: used 2, requested 1, limit 2}. */
  public String message() {
    return "%s quota exceeded for %s: used %d, requested %d, limit %d"
        .formatted(
            resource.label,
            name.isEmpty() ? scope.text() : scope.text() + " " + name,
            used,
            requested,
            limit);
  }
}
