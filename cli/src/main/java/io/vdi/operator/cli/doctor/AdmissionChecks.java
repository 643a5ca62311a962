package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.cluster.OperatorSettings;
import io.vdi.operator.common.diagnosis.CauseClassifier;
import io.vdi.operator.common.diagnosis.ExpectedTimes;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Whether the controller can create the session's objects: template, status, quota. */
final class AdmissionChecks {
  /** The end of the message while the controller retries a write. */
  private static final String RETRIED = "; retrying";

  private static final Layer LAYER = Layer.CONTROL_PLANE;

  private static final CheckResult NONE_REJECTED = new CheckResult.Passed("none rejected");

  private AdmissionChecks() {}

  static List<Check<SessionContext>> checks() {
    return List.of(
        new Check<>("namespace", LAYER, "Namespace", Set.of(), AdmissionChecks::namespace),
        new Check<>("template", LAYER, "Template", Set.of(), AdmissionChecks::template),
        new Check<>(
            "observed",
            LAYER,
            "Observed by the controller",
            Set.of("services", "namespace"),
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

  private static String object(SessionContext context) {
    return "vdisession " + context.name();
  }

  private static CheckResult namespace(SessionContext context) {
    WatchedNamespaces watched = OperatorSettings.watchedNamespaces(context.cluster());
    return watched.includes(context.namespace())
        ? new CheckResult.Passed(watched.isAll() ? "all are watched" : "it is watched")
        : context.failed(
            KnownCause.NAMESPACE_NOT_WATCHED, object(context), "watchNamespaces is " + watched);
  }

  private static CheckResult template(SessionContext context) {
    String name = context.session().spec().template();
    Optional<VdiTemplate> template = context.template();
    if (template.isEmpty()) {
      return context.failed(
          KnownCause.TEMPLATE_MISSING, "vditemplate " + name, "it does not exist");
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
    Optional<Phase> phase = session.status().currentPhase();
    if (phase.isPresent()
        && session.status().observedGeneration() == session.metadata().generation()) {
      return new CheckResult.Passed(phase.get().text());
    }
    Duration age =
        Duration.between(session.metadata().creationTimestamp(), context.cluster().serverTime());
    return phase.isEmpty() && age.compareTo(ExpectedTimes.FIRST_STATUS) > 0
        ? context.failed(
            KnownCause.RECONCILE_ERRORS,
            object(context),
            "it has no status after " + age.toSeconds() + " s")
        : new CheckResult.Skipped("the latest change is not reconciled yet");
  }

  private static CheckResult accepted(SessionContext context) {
    VdiSession.Status status = context.session().status();
    boolean failed = status.condition(Condition.FAILED).filter(Condition::isTrue).isPresent();
    boolean withoutPod = context.podObject().isEmpty();
    if (!failed && !withoutPod) {
      return NONE_REJECTED;
    }
    String observed = "status.message is " + status.message();
    Optional<KnownCause> rejected =
        status
            .condition(failed ? Condition.FAILED : Condition.READY)
            .filter(condition -> failed || status.message().endsWith(RETRIED))
            .flatMap(condition -> CauseClassifier.ofRefusal(condition.reason(), status.message()));
    if (rejected.isPresent()) {
      return context.failed(
          rejected.get(),
          object(context),
          observed,
          rejected.get() == KnownCause.FOREIGN_OBJECT
              ? foreignObject(status.message())
              : context.name());
    }
    // After the pod is deleted only the status contains its last problem.
    return withoutPod
        ? KnownCause.ofTag(status.message())
            .map(cause -> context.failed(cause, object(context), observed))
            .orElse(NONE_REJECTED)
        : NONE_REJECTED;
  }

  /** {@code service alice} of {@code Service alice exists and is not owned by this session}. */
  private static String foreignObject(String message) {
    String[] words = message.split(" ", 3);
    return words[0].toLowerCase(Locale.ROOT) + " " + words[1];
  }

  private static CheckResult quota(SessionContext context) {
    return context
        .session()
        .status()
        .condition(Condition.QUOTA_ADMITTED)
        .filter(condition -> !condition.isTrue())
        .map(
            waiting -> context.failed(KnownCause.SESSION_QUOTA, object(context), waiting.message()))
        .orElse(new CheckResult.Passed("admitted"));
  }
}
