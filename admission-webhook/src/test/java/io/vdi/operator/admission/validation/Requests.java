package io.vdi.operator.admission.validation;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Requests and surroundings for the tests of the rules. */
final class Requests {
  static final AdmissionRequest.Caller ADMIN =
      new AdmissionRequest.Caller("admin", List.of("system:masters"), Map.of());
  static final AdmissionPolicy POLICY = policy(Identity.Mode.ENFORCE);

  private Requests() {}

  static AdmissionPolicy policy(Identity.Mode mode) {
    return new AdmissionPolicy(
        new Identity(
            mode,
            Set.of("system:masters"),
            Set.of("system:serviceaccount:vdi-system:vdi-controller"),
            Map.of("carol", "carol@example.com"),
            "email",
            "oidc:"),
        List.of());
  }

  static AdmissionRequest create(JsonObject session, AdmissionRequest.Caller caller) {
    return request("CREATE", caller, Optional.of(session), Optional.empty());
  }

  static AdmissionRequest update(JsonObject session, JsonObject old) {
    return request("UPDATE", ADMIN, Optional.of(session), Optional.of(old));
  }

  static AdmissionRequest request(
      String operation,
      AdmissionRequest.Caller caller,
      Optional<JsonObject> object,
      Optional<JsonObject> old) {
    return new AdmissionRequest(
        "uid-of-request",
        operation,
        "vdi.kasm.io",
        "VDISession",
        "",
        "desks",
        "desk",
        caller,
        false,
        object,
        old);
  }

  /** A cluster that knows one template, {@code t}. */
  static AdmissionContext view(String templateSpec) {
    VdiTemplate template =
        KubeGson.gson()
            .fromJson("{metadata: {name: t}, spec: " + templateSpec + "}", VdiTemplate.class);
    return new AdmissionContext(
        name -> name.equals("t") ? Optional.of(template) : Optional.empty(),
        name -> List.of(),
        false);
  }

  static JsonObject session(String spec) {
    return Manifests.parse(
            "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDISession, metadata: {name: desk, namespace:"
                + " desks}, spec: "
                + spec
                + "}")
        .getFirst();
  }
}
