package io.vdi.operator.common.quota;

import java.util.List;
import java.util.stream.Collectors;

/** A limit that would be passed, spec.md section 4. */
public record QuotaViolation(
    QuotaScope scope, String name, QuotaResource resource, long used, long requested, long limit) {

  /** What is limited. */
  public enum QuotaResource {
    SESSIONS("Session"),
    GPUS("GPU");

    private final String word;

    QuotaResource(String word) {
      this.word = word;
    }
  }

  /** All of them as one message. */
  public static String message(List<QuotaViolation> limits) {
    return limits.stream().map(QuotaViolation::message).collect(Collectors.joining("; "));
  }

  /** {@code GPU quota exceeded for user alice@example.com: used 2, requested 1, limit 2}. */
  public String message() {
    return "%s quota exceeded for %s: used %d, requested %d, limit %d"
        .formatted(
            resource.word,
            name.isEmpty() ? scope.text() : scope.text() + " " + name,
            used,
            requested,
            limit);
  }
}
