package io.vdi.operator.cli.doctor;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.Cluster;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.causes.Cause;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One session, and what belongs to it; ends with its examination. */
final class Patient implements AutoCloseable {
  static final Answer NO_POD = new Answer.Skipped("there is no pod");

  private final Examination examination;
  private final VdiSession session;
  private final Visit visit;
  private Optional<Forwarded> desktop = Optional.empty();

  /**
   * @param visit for its URL
   */
  Patient(Examination examination, VdiSession session, Visit visit) {
    this.examination = examination;
    this.session = session;
    this.visit = visit;
  }

  Examination examination() {
    return examination;
  }

  VdiSession session() {
    return session;
  }

  Visit visit() {
    return visit;
  }

  Cluster cluster() {
    return examination.cluster();
  }

  String namespace() {
    return session.namespace();
  }

  /** {@code namespace/name}. */
  String name() {
    return session.namespace() + "/" + session.name();
  }

  Optional<VdiTemplate> template() {
    return cluster().template(session.spec().template());
  }

  /** What the session's template says, or what holds where it cannot be seen. */
  VdiTemplate.Spec templateSpec() {
    return template().map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY);
  }

  /** Of the session, while it is one that should be there. */
  Optional<JsonObject> pod() {
    return cluster()
        .get(Kind.POD.path(namespace(), session.name()))
        .filter(pod -> Json.at(pod, "metadata", "deletionTimestamp").isEmpty());
  }

  static Pod asPod(JsonObject pod) {
    return Cluster.as(Pod.class, pod);
  }

  /** One of its objects. */
  Optional<JsonObject> own(Kind<?> kind, String name) {
    return cluster().get(kind.path(namespace(), name));
  }

  /** The Events on one of its objects. */
  List<JsonObject> events(JsonObject object) {
    return cluster()
        .list(
            Kind.EVENT.path(namespace())
                + "?fieldSelector=involvedObject.uid="
                + Json.text(object, "metadata", "uid"));
  }

  /** Selkies in its pod, without the way through the router. */
  Forwarded desktop() {
    if (desktop.isEmpty()) {
      desktop =
          Optional.of(Forwarded.to(cluster(), namespace(), session.name(), templateSpec().port()));
    }
    return desktop.get();
  }

  @Override
  public void close() {
    desktop.ifPresent(Forwarded::close);
  }

  boolean isRunning() {
    return session.status().currentPhase().equals(Optional.of(Phase.RUNNING));
  }

  /** How long it has had the phase that it has. */
  Duration sinceChange() {
    Instant since =
        session
            .status()
            .condition(Condition.READY)
            .map(Condition::lastTransitionTime)
            .orElse(session.metadata().creationTimestamp());
    return Duration.between(since, cluster().time());
  }

  Answer found(Cause cause, String object, String seen) {
    return found(cause, object, seen, session.name());
  }

  /**
   * @param name for the command, where it is not the session's
   */
  Answer found(Cause cause, String object, String seen, String name) {
    return new Answer.Found(
        new Finding(
            cause,
            object + " in " + namespace(),
            seen,
            Map.of(
                "session", session.name(),
                "namespace", namespace(),
                "template", session.spec().template(),
                "operator", cluster().operator(),
                "name", name)));
  }
}
