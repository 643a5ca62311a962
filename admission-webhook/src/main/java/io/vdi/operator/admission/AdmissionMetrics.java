package io.vdi.operator.admission;

import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.helidon.metrics.api.Timer;
import io.vdi.operator.admission.certificates.RefusedClients;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.runtime.FailureCounter;
import io.vdi.operator.runtime.Gauges;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** The metrics of the webhook; docs/specification.md, section 6. */
final class AdmissionMetrics {
  private static final Duration[] BUCKETS =
      IntStream.of(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  /** Other values become {@code other}, so that a client cannot create any number of series. */
  private static final Set<String> KINDS =
      Set.of(AdmissionRequest.SESSION, AdmissionRequest.TEMPLATE);

  private static final Set<String> OPERATIONS = Set.of("CREATE", "UPDATE", "DELETE", "CONNECT");

  private final MeterRegistry meters;

  AdmissionMetrics(MeterRegistry meters) {
    this.meters = meters;
  }

  /**
   * @param duration from reading the body to sending the response
   */
  void recordResponse(AdmissionRequest request, boolean allowed, Duration duration) {
    meters
        .getOrCreate(
            Timer.builder("vdi_admission")
                .description("Time to answer an AdmissionReview")
                .percentiles(new double[0])
                .buckets(BUCKETS)
                .tags(
                    List.of(
                        Tag.create("operation", label(OPERATIONS, request.operation())),
                        Tag.create("kind", label(KINDS, request.kind())),
                        Tag.create("allowed", String.valueOf(allowed)))))
        .record(duration);
  }

  void recordRefusedClient(RefusedClients.Reason reason) {
    meters
        .getOrCreate(
            Counter.builder("vdi_admission_refused_clients_total")
                .description("TLS handshakes that failed, while client certificates are required")
                .tags(List.of(Tag.create("reason", reason.name().toLowerCase(Locale.ROOT)))))
        .increment();
  }

  /** The use of GPUs could not be read for the budgets. */
  void recordUsageError(String reason) {
    new FailureCounter(meters, "vdi_usage_errors_total", "Reads of the use of GPUs that failed")
        .count(reason);
  }

  void registerGauges(BooleanSupplier configValid, Supplier<Long> certificateExpiry) {
    Gauges gauges = new Gauges(meters);
    gauges.ofConfig(configValid);
    gauges.add(
        "vdi_certificate_expiry_timestamp_seconds",
        "When the serving certificate expires",
        certificateExpiry);
  }

  private static String label(Set<String> known, String value) {
    return known.contains(value) ? value : "other";
  }
}
