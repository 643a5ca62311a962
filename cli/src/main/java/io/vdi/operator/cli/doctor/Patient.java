package io.vdi.operator.cli.doctor;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.Cluster;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.causes.Cause;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One session, and what belongs to it as it stands when it is asked for. */
record Patient(Examination examination, VdiSession session) {
  static final Answer NO_POD = new Answer.Skipped("there is no pod");

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
