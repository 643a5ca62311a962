package io.vdi.operator.admission.validation;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Requests and contexts for the tests of the rules. */
final class Requests {
  static final Instant NOW = Instant.parse("2026-11-26T12:00:00Z");
  static final Caller ADMIN = new Caller("admin", List.of("system:masters"), Map.of());
  static final AdmissionPolicy POLICY = policy(Identity.Mode.ENFORCE);

  private Requests() {}

  static AdmissionPolicy policy(Identity.Mode mode) {
    return new AdmissionPolicy(
        new Identity(
            mode,
            Set.of("system:masters"),
            Set.of("system:serviceaccount:vdi-system:vdi-controller"),
            new IdentityMapping(Map.of("carol", "carol@example.com"), "email", "oidc:")),
        List.of(),
        WatchedNamespaces.ALL,
        new RecordedGroups(List.of("course-*", "lab")));
  }

  static AdmissionRequest create(JsonObject session, Caller caller) {
    return request("CREATE", caller, Optional.of(session), Optional.empty());
  }

  static AdmissionRequest update(JsonObject session, JsonObject old) {
    return request("UPDATE", ADMIN, Optional.of(session), Optional.of(old));
  }

  static AdmissionRequest request(
      String operation, Caller caller, Optional<JsonObject> object, Optional<JsonObject> old) {
    return new AdmissionRequest(
        "uid-of-request",
        operation,
        "vdi.kasm.io",
        AdmissionRequest.SESSION,
        "",
        "desks",
        "desk",
        caller,
        false,
        object,
        old);
  }

  /** A request for the template {@code t}. */
  static AdmissionRequest template(String operation, Optional<JsonObject> object) {
    return new AdmissionRequest(
        "uid-of-request",
        operation,
        "vdi.kasm.io",
        AdmissionRequest.TEMPLATE,
        "",
        "",
        "t",
        ADMIN,
        false,
        object,
        Optional.empty());
  }

  /** The rules in a cluster that has one template, {@code t}. */
  record Cluster(VdiTemplate template, Optional<PersistentVolumeClaim> home, boolean timeSliced) {
    Response mutate(AdmissionRequest request) {
      return SessionAdmission.mutate(request, context(ContextQuery.forMutation(request)), POLICY);
    }

    /** The spec after the mutation. */
    JsonElement patched(JsonObject session, AdmissionRequest request) {
      JsonObject patched = session.deepCopy();
      switch (mutate(request)) {
        case Response.Allow allow -> Patches.apply(patched, allow.patch());
        case Response.Deny deny -> throw new AssertionError(deny);
      }
      return patched.get("spec");
    }

    Verdict validate(AdmissionRequest request, AdmissionPolicy policy) {
      return SessionAdmission.validate(
          request, context(ContextQuery.forValidation(request)), policy);
    }

    /** For a caller that RBAC allows to manage sessions. */
    Verdict validateForManager(AdmissionRequest request, AdmissionPolicy policy) {
      return SessionAdmission.validate(
          request, context(ContextQuery.forValidation(request)).managing(), policy);
    }

    private AdmissionContext context(ContextQuery query) {
      ContextQuery.Template known = new ContextQuery.Template("t");
      boolean homeToo =
          query.equals(new ContextQuery.TemplateAndHome(known, "desks", "vdi-data-desk"));
      return new AdmissionContext(
          homeToo || query.equals(known) ? Optional.of(template) : Optional.empty(),
          homeToo ? home : Optional.empty(),
          List.of(),
          timeSliced,
          false,
          NOW);
    }
  }

  static Cluster cluster(String templateSpec) {
    VdiTemplate template =
        KubeGson.gson()
            .fromJson("{metadata: {name: t}, spec: " + templateSpec + "}", VdiTemplate.class);
    return new Cluster(template, Optional.empty(), false);
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
