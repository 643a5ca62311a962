package io.vdi.operator.cli.doctor;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One session, and what belongs to it; ends with its examination. */
final class SessionContext implements AutoCloseable {
  static final CheckResult NO_POD = new CheckResult.Skipped("there is no pod");

  private final DoctorContext doctor;
  private final VdiSession session;
  private final RouterClient router;
  private Optional<ForwardedPort> desktop = Optional.empty();

  /**
   * @param router for its URL
   */
  SessionContext(DoctorContext doctor, VdiSession session, RouterClient router) {
    this.doctor = doctor;
    this.session = session;
    this.router = router;
  }

  DoctorContext doctor() {
    return doctor;
  }

  VdiSession session() {
    return session;
  }

  RouterClient router() {
    return router;
  }

  ClusterAccess cluster() {
    return doctor.cluster();
  }

  String namespace() {
    return session.namespace();
  }

  /** {@code namespace/name}. */
  String qualifiedName() {
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
        .get(ResourceType.POD.path(namespace(), session.name()))
        .filter(pod -> Json.at(pod, "metadata", "deletionTimestamp").isEmpty());
  }

  static Pod asPod(JsonObject pod) {
    return ClusterAccess.decode(Pod.class, pod);
  }

  /** One of its objects. */
  Optional<JsonObject> child(ResourceType<?> kind, String name) {
    return cluster().get(kind.path(namespace(), name));
  }

  /** The Events on one of its objects. */
  List<JsonObject> events(JsonObject object) {
    return cluster()
        .list(
            ResourceType.EVENT.path(namespace())
                + "?fieldSelector=involvedObject.uid="
                + Json.text(object, "metadata", "uid"));
  }

  /** Selkies in its pod, without the way through the router. */
  ForwardedPort desktop() {
    if (desktop.isEmpty()) {
      desktop =
          Optional.of(
              ForwardedPort.to(cluster(), namespace(), session.name(), templateSpec().port()));
    }
    return desktop.get();
  }

  @Override
  public void close() {
    desktop.ifPresent(ForwardedPort::close);
  }

  boolean isRunning() {
    return session.status().currentPhase().equals(Optional.of(Phase.RUNNING));
  }

  /** How long it has had the phase that it has. */
  Duration timeInPhase() {
    Instant since =
        session
            .status()
            .condition(Condition.READY)
            .map(Condition::lastTransitionTime)
            .orElse(session.metadata().creationTimestamp());
    return Duration.between(since, cluster().serverTime());
  }

  CheckResult failed(KnownCause cause, String object, String seen) {
    return failed(cause, object, seen, session.name());
  }

  /**
   * @param name for the command, where it is not the session's
   */
  CheckResult failed(KnownCause cause, String object, String seen, String name) {
    return new CheckResult.Failed(
        new Finding(
            cause,
            object + " in " + namespace(),
            seen,
            Map.of(
                "session", session.name(),
                "namespace", namespace(),
                "template", session.spec().template(),
                "operator", cluster().operatorNamespace(),
                "name", name)));
  }
}
