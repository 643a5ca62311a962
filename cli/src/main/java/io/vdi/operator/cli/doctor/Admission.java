package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.causes.Cause;
import io.vdi.operator.common.causes.Layer;
import io.vdi.operator.common.causes.Symptoms;
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
final class Admission {
  private static final Layer LAYER = Layer.CONTROL_PLANE;

  /** The controller answers a change within a second or two. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private Admission() {}

  static List<Check<Patient>> checks() {
    return List.of(
        new Check<>("template", LAYER, "Template", Set.of(), Admission::template),
        new Check<>(
            "observed", LAYER, "Seen by the controller", Set.of("services"), Admission::observed),
        new Check<>(
            "accepted",
            LAYER,
            "Objects accepted",
            Set.of("template", "observed"),
            Admission::accepted),
        new Check<>("quota", Layer.INFRASTRUCTURE, "Quota", Set.of("accepted"), Admission::quota));
  }

  private static Answer template(Patient patient) {
    String name = patient.session().spec().template();
    Optional<VdiTemplate> template = patient.template();
    if (template.isEmpty()) {
      return patient.found(Cause.TEMPLATE_MISSING, "vditemplate " + name, "it is not there");
    }
    List<String> problems =
        Defaults.complete(patient.session().spec(), template.get().spec()).problems();
    return problems.isEmpty()
        ? new Answer.Fine(name)
        : patient.found(Cause.TEMPLATE_INVALID, "vditemplate " + name, String.join("; ", problems));
  }

  private static Answer observed(Patient patient) {
    VdiSession session = patient.session();
    boolean current =
        session.status().currentPhase().isPresent()
            && session.status().observedGeneration() == session.metadata().generation();
    if (current) {
      return new Answer.Fine(session.status().currentPhase().get().text());
    }
    Duration age =
        Duration.between(session.metadata().creationTimestamp(), patient.cluster().time());
    return session.status().currentPhase().isEmpty() && age.compareTo(PATIENCE) > 0
        ? patient.found(
            Cause.RECONCILE_ERRORS,
            "vdisession " + session.name(),
            "it has no status after " + age.toSeconds() + " s")
        : new Answer.Skipped("the controller has not answered yet");
  }

  private static Answer accepted(Patient patient) {
    VdiSession.Status status = patient.session().status();
    Optional<Condition> failed = status.condition(Condition.FAILED).filter(Condition::isTrue);
    if (failed.isEmpty()) {
      return new Answer.Fine("none refused");
    }
    String seen = "status.message is " + status.message();
    String object = "vdisession " + patient.session().name();
    Optional<Cause> refused = Symptoms.ofRefusal(failed.get().reason(), status.message());
    if (refused.isPresent()) {
      String[] words = status.message().split(" ", 3);
      return patient.found(
          refused.get(),
          object,
          seen,
          // "Service alice exists and …" names what is in the way.
          refused.get() == Cause.FOREIGN_OBJECT
              ? words[0].toLowerCase(Locale.ROOT) + " " + words[1]
              : patient.session().name());
    }
    // Its pod has gone; what had been wrong with it stands in the status.
    return patient.pod().isEmpty()
        ? Cause.ofMark(status.message())
            .map(cause -> patient.found(cause, object, seen))
            .orElse(new Answer.Fine("none refused"))
        : new Answer.Fine("none refused");
  }

  private static Answer quota(Patient patient) {
    Optional<Condition> waits =
        patient
            .session()
            .status()
            .condition(Condition.QUOTA_ADMITTED)
            .filter(condition -> !condition.isTrue());
    if (waits.isPresent()) {
      return patient.found(
          Cause.SESSION_QUOTA, "vdisession " + patient.session().name(), waits.get().message());
    }
    return new Answer.Fine("admitted");
  }
}
