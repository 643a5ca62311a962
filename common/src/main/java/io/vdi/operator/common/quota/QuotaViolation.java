package io.vdi.operator.common.quota;

import io.vdi.operator.common.diagnosis.MessagePattern;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** A limit that a request would exceed; docs/specification.md, section 4. */
public record QuotaViolation(
    QuotaScope scope, String name, QuotaResource resource, long used, long requested, long limit) {

  private static final MessagePattern MESSAGE =
      MessagePattern.of("{0} quota exceeded for {1}: used {2}, requested {3}, limit {4}");

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
    return MESSAGE.text(
        resource.label,
        name.isEmpty() ? scope.text() : scope.text() + " " + name,
        resource.format(used),
        resource.format(requested),
        resource.format(limit));
  }

  /** The violation with this {@link #message()}; empty if there is none. */
  public static Optional<QuotaViolation> ofMessage(String message) {
    return MESSAGE
        .values(message)
        .flatMap(values -> {
          String[] holder = values.get(1).split(" ", 2);
          return Arrays.stream(QuotaResource.values())
              .flatMap(resource ->
                  Arrays.stream(QuotaScope.values())
                      .filter(scope -> scope.text().equals(holder[0]))
                      .map(scope ->
                          new QuotaViolation(
                              scope,
                              holder.length == 1 ? "" : holder[1],
                              resource,
                              StorageSize.bytes(values.get(2)),
                              StorageSize.bytes(values.get(3)),
                              StorageSize.bytes(values.get(4)))))
              .filter(violation -> violation.message().equals(message))
              .findFirst();
        });
  }
}
