package io.vdi.operator.devcluster.testing;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Manifests;

/**
 * An object of a session that a test creates itself: with the name, labels and annotation that the
 * controller gives it and no owner, or with the differences that the test adds. The change methods
 * return this object.
 */
public final class ChildObject {
  private static final String CONTENT_OF_POD =
      "spec: {containers: [{name: selkies, image: x}], schedulingGates: [{name: test/none}]}";
  private static final String CONTENT_OF_CLAIM =
      "spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}";

  private final SessionFixture session;
  private final ResourceType<?> type;
  private final JsonObject object;

  ChildObject(SessionFixture session, ResourceType<?> type) {
    this.session = session;
    this.type = type;
    this.object =
        Manifests.parse(
                "{apiVersion: %s, kind: %s, metadata: {name: %s, namespace: %s, labels: {}, annotations: {}}, %s}"
                    .formatted(
                        type.apiVersion(),
                        type.kind(),
                        session.childName(type),
                        session.namespace(),
                        content(type)))
            .getFirst();
    Labels.ofSession(session.name(), session.user()).forEach(this::label);
    annotation(Annotations.USER, session.user());
  }

  /** The smallest content that the API server accepts. A pod is never scheduled. */
  private static String content(ResourceType<? extends KubeObject> type) {
    return switch (type.kind()) {
      case "Pod" -> CONTENT_OF_POD;
      case "PersistentVolumeClaim" -> CONTENT_OF_CLAIM;
      case "Secret" -> "stringData: {password: secret}";
      case "Service" -> "spec: {ports: [{port: 8080}]}";
      case "IngressRoute" -> "spec: {routes: []}";
      case "Ingress" -> "spec: {defaultBackend: {service: {name: x, port: {number: 80}}}}";
      case "HTTPRoute" -> "spec: {parentRefs: [{name: x}]}";
      case "ResourceClaimTemplate" -> "spec: {spec: {devices: {}}}";
      case "Role" -> "rules: []";
      case "RoleBinding" -> "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: x}";
      default -> throw new IllegalArgumentException("a session has no " + type);
    };
  }

  public ChildObject label(String name, String value) {
    map("labels").addProperty(name, value);
    return this;
  }

  public ChildObject withoutLabel(String name) {
    map("labels").remove(name);
    return this;
  }

  public ChildObject withoutLabels() {
    metadata().remove("labels");
    return this;
  }

  public ChildObject annotation(String name, String value) {
    map("annotations").addProperty(name, value);
    return this;
  }

  public ChildObject withoutAnnotations() {
    metadata().remove("annotations");
    return this;
  }

  /** Makes the session the controlling owner, as the controller does. The session must exist. */
  public ChildObject ownedBySession() {
    return ownedBy(session.asOwner());
  }

  public ChildObject ownedBy(OwnerReference owner) {
    JsonObject reference = new JsonObject();
    reference.addProperty("apiVersion", owner.apiVersion());
    reference.addProperty("kind", owner.kind());
    reference.addProperty("name", owner.name());
    reference.addProperty("uid", owner.uid());
    if (owner.controller()) {
      reference.addProperty("controller", true);
      reference.addProperty("blockOwnerDeletion", true);
    }
    JsonArray owners = new JsonArray();
    owners.add(reference);
    metadata().add("ownerReferences", owners);
    return this;
  }

  public ChildObject spec(String field, JsonElement value) {
    object.getAsJsonObject("spec").add(field, value);
    return this;
  }

  /** Creates the object, and returns it as the API server stored it. */
  public JsonObject create() {
    return session.api().request("POST", type.path(session.namespace()), object).orElseThrow();
  }

  private JsonObject map(String field) {
    return metadata().getAsJsonObject(field);
  }

  private JsonObject metadata() {
    return object.getAsJsonObject("metadata");
  }
}
