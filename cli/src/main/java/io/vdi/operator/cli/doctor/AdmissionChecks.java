package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.diagnosis.CauseClassifier;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Whether the session may become a desktop at all. */
final class AdmissionChecks {
  private static final Layer LAYER = Layer.CONTROL_PLANE;

  /** The controller answers a change within a second or two. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private AdmissionChecks() {}

  static List<Check<SessionContext>> checks() {
    return List.of(
        new Check<>("template", LAYER, "Template", Set.of(), AdmissionChecks::template),
        new Check<>(
            "observed",
            LAYER,
            "Seen by the controller",
            Set.of("services"),
            AdmissionChecks::observed),
        new Check<>(
            "accepted",
            LAYER,
            "Objects accepted",
            Set.of("template", "observed"),
            AdmissionChecks::accepted),
        new Check<>(
            "quota", Layer.INFRASTRUCTURE, "Quota", Set.of("accepted"), AdmissionChecks::quota));
  }

  private static CheckResult template(SessionContext context) {
    String name = context.session().spec().template();
    Optional<VdiTemplate> template = context.template();
    if (template.isEmpty()) {
      return context.failed(KnownCause.TEMPLATE_MISSING, "vditemplate " + name, "it is not there");
    }
    List<String> problems =
        Defaults.effectiveSpec(context.session().spec(), template.get().spec()).problems();
    return problems.isEmpty()
        ? new CheckResult.Passed(name)
        : context.failed(
            KnownCause.TEMPLATE_INVALID, "vditemplate " + name, String.join("; ", problems));
  }

  private static CheckResult observed(SessionContext context) {
    VdiSession session = context.session();
    boolean current =
        session.status().currentPhase().isPresent()
            && session.status().observedGeneration() == session.metadata().generation();
    if (current) {
      return new CheckResult.Passed(session.status().currentPhase().get().text());
    }
    Duration age =
        Duration.between(session.metadata().creationTimestamp(), context.cluster().serverTime());
    return session.status().currentPhase().isEmpty() && age.compareTo(PATIENCE) > 0
        ? context.failed(
            KnownCause.RECONCILE_ERRORS,
            "vdisession " + session.name(),
            "it has no status after " + age.toSeconds() + " s")
        : new CheckResult.Skipped("the controller has not answered yet");
  }

  private static CheckResult accepted(SessionContext context) {
    VdiSession.Status status = context.session().status();
    Optional<Condition> failed = status.condition(Condition.FAILED).filter(Condition::isTrue);
    if (failed.isEmpty()) {
      return new CheckResult.Passed("none refused");
    }
    String seen = "status.message is " + status.message();
    String object = "vdisession " + context.session().name();
    Optional<KnownCause> refused =
        CauseClassifier.ofRefusal(failed.get().reason(), status.message());
    if (refused.isPresent()) {
      String[] words = status.message().split(" ", 3);
      return context.failed(
          refused.get(),
          object,
          seen,
          // "Service alice exists and …" names what is in the way.
          refused.get() == KnownCause.FOREIGN_OBJECT
              ? words[0].toLowerCase(Locale.ROOT) + " " + words[1]
              : context.session().name());
    }
    // Its pod has gone; what had been wrong with it stands in the status.
    return context.pod().isEmpty()
        ? KnownCause.ofTag(status.message())
            .map(cause -> context.failed(cause, object, seen))
            .orElse(new CheckResult.Passed("none refused"))
        : new CheckResult.Passed("none refused");
  }

  private static CheckResult quota(SessionContext context) {
    Optional<Condition> waits =
        context
            .session()
            .status()
            .condition(Condition.QUOTA_ADMITTED)
            .filter(condition -> !condition.isTrue());
    if (waits.isPresent()) {
      return context.failed(
          KnownCause.SESSION_QUOTA,
          "vdisession " + context.session().name(),
          waits.get().message());
    }
    return new CheckResult.Passed("admitted");
  }
}
