package io.vdi.operator.cli.doctor;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.cli.cluster.SessionSecret;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.DesktopCredentials;
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
import java.util.function.BiFunction;

/** One session for its checks, with its objects and a forwarded port of its pod. */
final class SessionContext implements AutoCloseable {
  static final CheckResult NO_POD = new CheckResult.Skipped("there is no pod");

  private final DoctorContext doctor;
  private final VdiSession session;
  private final RouterClient router;
  private Optional<ForwardedPort> desktop = Optional.empty();

  SessionContext(DoctorContext doctor, VdiSession session, RouterClient router) {
    this.doctor = doctor;
    this.session = session;
    this.router = router;
  }

  /** A check of the session's pod, which is skipped if there is none. */
  static Check.Body<SessionContext> onPod(BiFunction<SessionContext, Pod, CheckResult> body) {
    return context -> context.pod().map(pod -> body.apply(context, pod)).orElse(NO_POD);
  }

  DoctorContext doctor() {
    return doctor;
  }

  VdiSession session() {
    return session;
  }

  /** The client for the session's URL. */
  RouterClient router() {
    return router;
  }

  ClusterAccess cluster() {
    return doctor.cluster();
  }

  String namespace() {
    return session.namespace();
  }

  /** The name of the session, its pod, its Service and its route. */
  String name() {
    return session.name();
  }

  /** {@code namespace/name}. */
  String qualifiedName() {
    return session.namespace() + "/" + session.name();
  }

  Optional<VdiTemplate> template() {
    return cluster().template(session.spec().template());
  }

  /** The spec of the session's template; the defaults if the template does not exist. */
  VdiTemplate.Spec templateSpec() {
    return template().map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY);
  }

  /** The session's pod as JSON; empty if it is missing or being deleted. */
  Optional<JsonObject> podObject() {
    return child(ResourceType.POD, name())
        .filter(pod -> Json.at(pod, "metadata", "deletionTimestamp").isEmpty());
  }

  /** The session's pod; empty if it is missing or being deleted. */
  Optional<Pod> pod() {
    return podObject().map(pod -> ClusterAccess.decode(Pod.class, pod));
  }

  /** An object in the session's namespace. */
  Optional<JsonObject> child(ResourceType<?> kind, String name) {
    return cluster().get(kind.path(namespace(), name));
  }

  /** The Events of an object. */
  List<JsonObject> events(String uid) {
    return cluster()
        .list(ResourceType.EVENT.path(namespace()) + "?fieldSelector=involvedObject.uid=" + uid);
  }

  /** The port of the desktop in the pod, forwarded by the API server: works without a route. */
  ForwardedPort desktop() {
    if (desktop.isEmpty()) {
      desktop =
          Optional.of(
              ForwardedPort.to(
                  cluster(),
                  namespace(),
                  name(),
                  templateSpec().server().scheme(),
                  templateSpec().port()));
    }
    return desktop.get();
  }

  /**
   * The user name and password of the desktop.
   *
   * @throws io.vdi.operator.cli.cluster.CliException if they are unavailable
   */
  DesktopCredentials credentials() {
    return SessionSecret.credentials(cluster(), session, template());
  }

  @Override
  public void close() {
    desktop.ifPresent(ForwardedPort::close);
  }

  boolean isRunning() {
    return session.status().is(Phase.RUNNING);
  }

  /** The time since the condition Ready changed, else since the creation of the session. */
  Duration timeInPhase() {
    Instant since =
        session
            .status()
            .condition(Condition.READY)
            .map(Condition::lastTransitionTime)
            .orElse(session.metadata().creationTimestamp());
    return Duration.between(since, cluster().serverTime());
  }

  CheckResult failed(KnownCause cause, String object, String observed) {
    return failed(cause, object, observed, name());
  }

  /**
   * A failed check of this session.
   *
   * @param object kind and name of the object with the problem; the namespace is added
   * @param name the object's name in the remedy's command, if it is not the session's
   */
  CheckResult failed(KnownCause cause, String object, String observed, String name) {
    return new CheckResult.Failed(
        new Finding(
            cause,
            object + " in " + namespace(),
            observed,
            Map.of(
                "session", name(),
                "namespace", namespace(),
                "template", session.spec().template(),
                "operator", cluster().operatorNamespace(),
                "name", name)));
  }
}
