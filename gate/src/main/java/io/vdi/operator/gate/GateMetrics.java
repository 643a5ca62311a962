package io.vdi.operator.gate;

import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.helidon.metrics.api.Timer;
import io.vdi.operator.gate.audit.AuditEvent;
import io.vdi.operator.gate.desktop.Disconnector;
import io.vdi.operator.gate.forward.ForwardResult;
import io.vdi.operator.gate.revocation.Revocation;
import io.vdi.operator.runtime.Gauges;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** The metrics of the gate; docs/operations.md describes each. All exist from the start. */
final class GateMetrics {
  private static final Duration[] BUCKETS =
      IntStream.of(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final Gauges gauges;
  private final Map<ForwardResult, Timer> forward = new EnumMap<>(ForwardResult.class);
  private final Counter signedIn;
  private final Counter signInRefused;
  private final Counter opened;
  private final Counter openRefused;
  private final Counter signInRevoked;
  private final Counter providerSessionRevoked;
  private final Counter userRevoked;
  private final Map<Disconnector.Outcome, Counter> disconnects =
      new EnumMap<>(Disconnector.Outcome.class);
  private final Counter providerErrors;
  private final Counter auditDropped;

  GateMetrics(MeterRegistry meters) {
    this.gauges = new Gauges(meters);
    for (ForwardResult result : ForwardResult.values()) {
      forward.put(
          result,
          meters.getOrCreate(
              Timer.builder("vdi_gate_forward_auth")
                  .description("Time to answer the router's question about a request")
                  .percentiles(new double[0])
                  .buckets(BUCKETS)
                  .tags(List.of(tag("result", result.name())))));
    }
    this.signedIn = counter(meters, "sign_ins", "Sign-ins", "result", "accepted");
    this.signInRefused = counter(meters, "sign_ins", "Sign-ins", "result", "refused");
    this.opened = counter(meters, "opens", "Desktops that were opened", "result", "opened");
    this.openRefused = counter(meters, "opens", "Desktops that were opened", "result", "refused");
    String revocations = "Sign-ins that were ended early";
    this.signInRevoked = counter(meters, "revocations", revocations, "kind", "sign_in");
    this.providerSessionRevoked =
        counter(meters, "revocations", revocations, "kind", "provider_session");
    this.userRevoked = counter(meters, "revocations", revocations, "kind", "user");
    for (Disconnector.Outcome outcome : Disconnector.Outcome.values()) {
      disconnects.put(
          outcome,
          counter(
              meters,
              "disconnects",
              "Desktops whose open connections had to end",
              "result",
              outcome.name()));
    }
    this.providerErrors =
        meters.getOrCreate(
            Counter.builder("vdi_gate_provider_errors_total")
                .description("Requests that the provider did not answer"));
    this.auditDropped =
        meters.getOrCreate(
            Counter.builder("vdi_gate_audit_dropped_total")
                .description("Audit events that the webhook did not receive"));
  }

  private static Counter counter(
      MeterRegistry meters, String name, String description, String label, String value) {
    return meters.getOrCreate(
        Counter.builder("vdi_gate_" + name + "_total")
            .description(description)
            .tags(List.of(tag(label, value))));
  }

  private static Tag tag(String label, String value) {
    return Tag.create(label, value.toLowerCase(Locale.ROOT));
  }

  void answered(ForwardResult result, Duration duration) {
    forward.get(result).record(duration);
  }

  /** Counts the events that have a metric. */
  void count(AuditEvent event) {
    switch (event) {
      case AuditEvent.SignedIn in -> signedIn.increment();
      case AuditEvent.SignInRefused refused -> signInRefused.increment();
      case AuditEvent.Opened open -> opened.increment();
      case AuditEvent.OpenRefused refused -> openRefused.increment();
      case AuditEvent.SignedOut out -> {}
      case AuditEvent.Acted acted -> {}
    }
  }

  void revoked(Revocation revocation) {
    switch (revocation) {
      case Revocation.OfSignIn signIn -> signInRevoked.increment();
      case Revocation.OfProviderSession session -> providerSessionRevoked.increment();
      case Revocation.OfSubject subject -> userRevoked.increment();
    }
  }

  void disconnected(Disconnector.Outcome outcome) {
    disconnects.get(outcome).increment();
  }

  void providerFailed() {
    providerErrors.increment();
  }

  void auditDropped() {
    auditDropped.increment();
  }

  void registerGauges(
      BooleanSupplier configValid,
      BooleanSupplier providerUp,
      BooleanSupplier keysReadable,
      Supplier<Long> keyAgeSeconds) {
    gauges.ofConfig(configValid);
    gauges.add(
        "vdi_gate_provider_up",
        "1 while the provider answers",
        () -> providerUp.getAsBoolean() ? 1 : 0);
    gauges.add(
        "vdi_gate_keys_readable",
        "1 while the Secret with the keys can be read",
        () -> keysReadable.getAsBoolean() ? 1 : 0);
    gauges.add(
        "vdi_gate_key_age_seconds", "Age of the key that signs; -1 without one", keyAgeSeconds);
  }
}
