package io.vdi.operator.common.quota;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A limit that a request would exceed; docs/specification.md, section 4. */
public record QuotaViolation(
    QuotaScope scope, String name, QuotaResource resource, long used, long requested, long limit) {

  /** What a limit counts. */
  public enum QuotaResource {
    SESSIONS("Session"),
    GPUS("GPU"),
    /** The size of homes, in bytes. */
    STORAGE("Storage");

    private final String label;

    QuotaResource(String label) {
      this.label = label;
    }

    /** The name in the configuration and in metrics. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** An amount of this resource for people, such as {@code 2} or {@code 40Gi}. */
    public String format(long amount) {
      return this == STORAGE ? StorageSize.format(amount) : String.valueOf(amount);
    }
  }

  /** One message for all. */
  public static String message(List<QuotaViolation> violations) {
    return violations.stream().map(QuotaViolation::message).collect(Collectors.joining("; "));
  }

  public boolean isOfStorage() {
    return resource == QuotaResource.STORAGE;
  }

  /** {@code GPU quota exceeded for user alice@example.com: used 2, requested 1, limit 2}. */
  public String message() {
    return "%s quota exceeded for %s: used %s, requested %s, limit %s"
        .formatted(
            resource.label,
            name.isEmpty() ? scope.text() : scope.text() + " " + name,
            resource.format(used),
            resource.format(requested),
            resource.format(limit));
  }
}
