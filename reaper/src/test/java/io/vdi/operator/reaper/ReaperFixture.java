package io.vdi.operator.reaper;

import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/**
 * A namespace with sessions and their objects, which the test makes and changes itself: here it is
 * controller, kubelet and user.
 */
record ReaperFixture(KubeClient api, String namespace) {
  static final Duration PATIENCE = Duration.ofSeconds(30);
  static final String USER = "alice@example.com";

  /** All kinds of objects of a session, with what the API server wants them to have. */
  private static final Map<ResourceType<?>, String> SPECS =
      Map.of(
          ResourceType.POD,
              "spec: {containers: [{name: selkies, image: x}], schedulingGates: [{name: test/none}]}",
          ResourceType.PERSISTENT_VOLUME_CLAIM,
              "spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}",
          ResourceType.SECRET, "stringData: {password: secret}",
          ResourceType.SERVICE, "spec: {ports: [{port: 8080}]}",
          ResourceType.INGRESS_ROUTE, "spec: {routes: []}",
          ResourceType.INGRESS, "spec: {defaultBackend: {service: {name: x, port: {number: 80}}}}");

  static final List<ResourceType<?>> KINDS =
      List.of(
          ResourceType.POD,
          ResourceType.PERSISTENT_VOLUME_CLAIM,
          ResourceType.SECRET,
          ResourceType.SERVICE,
          ResourceType.INGRESS_ROUTE,
          ResourceType.INGRESS);

  void template(String name, String spec) {
    Manifests.apply(
        api,
        "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: %s}, spec: {image: x, %s}}"
            .formatted(name, spec));
  }

  /**
   * @param spec further fields, in YAML's flow style
   */
  VdiSession session(String name, String spec) {
    return session(name, spec, "");
  }

  VdiSession session(String name, String spec, String metadata) {
    JsonObject object =
        Manifests.parse(
                "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDISession, metadata: {name: %s, namespace: %s, %s}, spec: {user: %s, %s}}"
                    .formatted(name, namespace, metadata, USER, spec))
            .getFirst();
    return api.create(ResourceType.SESSION, namespace, object).orElseThrow();
  }

  /** As the controller writes it; the answer is the session as it is then. */
  VdiSession status(String name, String statusJson) {
    JsonObject patch = new JsonObject();
    patch.add("status", json(statusJson));
    return api.mergePatchStatus(ResourceType.SESSION, namespace, name, patch).orElseThrow();
  }

  /** A session whose desktop has been ready since then. */
  VdiSession running(String name, String spec, Instant since) {
    session(name, spec);
    return status(
        name,
        "{\"phase\": \"Running\", \"podName\": \"%s\", \"startTime\": \"%s\"}"
            .formatted(name, seconds(since)));
  }

  ApiResult<VdiSession> extend(String name, String timeout) {
    return api.mergePatch(
        ResourceType.SESSION,
        namespace,
        name,
        json("{\"spec\": {\"timeout\": \"" + timeout + "\"}}"));
  }

  VdiSession get(String name) {
    return api.get(ResourceType.SESSION, namespace, name).orElseThrow();
  }

  boolean exists(String name) {
    return api.get(ResourceType.SESSION, namespace, name).ok().isPresent();
  }

  void awaitGone(String name) {
    await(name + " to go").atMost(PATIENCE).until(() -> !exists(name));
  }

  /** How many Events with this reason the session has. */
  long events(String session, String reason) {
    JsonArray events =
        api.request("GET", "/api/v1/namespaces/" + namespace + "/events", null)
            .orElseThrow()
            .getAsJsonArray("items");
    return events.asList().stream()
        .map(JsonElement::getAsJsonObject)
        .filter(event ->
            event.get("reason").getAsString().equals(reason)
                && event
                    .getAsJsonObject("involvedObject")
                    .get("name")
                    .getAsString()
                    .equals(session))
        .count();
  }

  void awaitEvent(String session, String reason) {
    await(session + ": Event " + reason).atMost(PATIENCE).until(() -> events(session, reason) > 0);
  }

  /** An object of the session, as the controller makes it. */
  JsonObject child(ResourceType<?> kind, VdiSession session) {
    return child(kind, session.name(), owner(session));
  }

  /**
   * @param ownerReferences as JSON, or empty
   */
  JsonObject child(ResourceType<?> kind, String session, String ownerReferences) {
    JsonObject object = manifest(kind, session, ownerReferences);
    return create(kind, object);
  }

  JsonObject manifest(ResourceType<?> kind, String session, String ownerReferences) {
    JsonObject object =
        Manifests.parse(
                "{apiVersion: %s, kind: %s, metadata: {name: %s, namespace: %s, labels: {}, annotations: {%s: %s}}, %s}"
                    .formatted(
                        kind.apiVersion(),
                        kind.kind(),
                        childName(kind, session),
                        namespace,
                        Annotations.USER,
                        USER,
                        SPECS.get(kind)))
            .getFirst();
    JsonObject metadata = object.getAsJsonObject("metadata");
    Labels.ofSession(session, USER).forEach(metadata.getAsJsonObject("labels")::addProperty);
    if (!ownerReferences.isEmpty()) {
      metadata.add("ownerReferences", JsonParser.parseString(ownerReferences));
    }
    return object;
  }

  JsonObject create(ResourceType<?> kind, JsonObject object) {
    return api.request("POST", collection(kind), object).orElseThrow();
  }

  static String owner(VdiSession session) {
    return owner(session.name(), session.uid());
  }

  static String owner(String name, String uid) {
    return "[{\"apiVersion\": \"vdi.kasm.io/v1alpha1\", \"kind\": \"VDISession\", \"name\": \"%s\","
            .formatted(name)
        + " \"uid\": \"%s\", \"controller\": true, \"blockOwnerDeletion\": true}]".formatted(uid);
  }

  static String childName(ResourceType<?> kind, String session) {
    return kind.equals(ResourceType.SECRET)
        ? ResourceNames.secret(session)
        : kind.equals(ResourceType.PERSISTENT_VOLUME_CLAIM)
            ? ResourceNames.persistentVolumeClaim(session)
            : session;
  }

  /** Whether it is there and nobody has deleted it. */
  boolean stays(ResourceType<?> kind, String name) {
    return api.request("GET", collection(kind) + "/" + name, null)
        .ok()
        .filter(object -> !object.getAsJsonObject("metadata").has("deletionTimestamp"))
        .isPresent();
  }

  /** Whether it was deleted; what protects a claim or a pod may still hold it. */
  boolean isGone(ResourceType<?> kind, String session) {
    return !stays(kind, childName(kind, session));
  }

  String collection(ResourceType<?> kind) {
    return kind.path(namespace);
  }

  /** Gives a pod an address, as its kubelet does. */
  void podStatus(String name, String statusJson) {
    JsonObject patch = new JsonObject();
    patch.add("status", json(statusJson));
    api.mergePatchStatus(ResourceType.POD, namespace, name, patch).orElseThrow();
  }

  static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }

  static Instant seconds(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS);
  }
}
