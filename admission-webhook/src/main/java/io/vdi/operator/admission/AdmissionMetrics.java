package io.vdi.operator.admission;

import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.helidon.metrics.api.Timer;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.runtime.Gauges;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** The webhook's metrics, spec.md section 6. */
final class AdmissionMetrics {
  private static final Duration[] BUCKETS =
      IntStream.of(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  /** What a client sends becomes no label, or it could make as many series as it likes. */
  private static final Set<String> KINDS = Set.of("VDISession", "VDITemplate");

  private static final Set<String> OPERATIONS = Set.of("CREATE", "UPDATE", "DELETE", "CONNECT");

  private final MeterRegistry meters;

  AdmissionMetrics(MeterRegistry meters) {
    this.meters = meters;
  }

  void decided(AdmissionRequest request, boolean allowed, Duration took) {
    meters
        .getOrCreate(
            Timer.builder("vdi_admission")
                .description("From the body of a request to its answer")
                .percentiles(new double[0])
                .buckets(BUCKETS)
                .tags(
                    List.of(
                        Tag.create("operation", known(OPERATIONS, request.operation())),
                        Tag.create("kind", known(KINDS, request.kind())),
                        Tag.create("allowed", String.valueOf(allowed)))))
        .record(took);
  }

  /** Gauges that are read when they are asked for. */
  void watch(BooleanSupplier configValid, Supplier<Long> certificateExpiry) {
    Gauges gauges = new Gauges(meters);
    gauges.ofConfig(configValid);
    gauges.add(
        "vdi_certificate_expiry_timestamp_seconds",
        "When the certificate that is served expires",
        certificateExpiry);
  }

  private static String known(Set<String> words, String word) {
    return words.contains(word) ? word : "other";
  }
}
