package io.vdi.operator.controller;

import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Predicate;

/**
 * What a test says about one session: does to it what users and the kubelet do, waits for what is
 * to become of it. Two templates: {@code kwok}, whose pods are ready at once on simulated nodes;
 * {@code manual}, whose pods come to a node without a kubelet, where the test plays it.
 */
record SessionFixture(KubeClient api, String namespace, String name) {
  /** The garbage collector takes up to 30 s to learn of a kind that was just installed. */
  static final Duration PATIENCE = Duration.ofSeconds(75);

  static final List<ResourceType<?>> CHILDREN =
      List.of(
          ResourceType.POD,
          ResourceType.PERSISTENT_VOLUME_CLAIM,
          ResourceType.SECRET,
          ResourceType.SERVICE,
          ResourceType.INGRESS_ROUTE);

  static void templates(KubeClient api) {
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: Node
        metadata: {name: manual, labels: {vdi.test/node: manual, kubernetes.io/hostname: manual}}
        status:
          capacity: {cpu: "100", memory: 1Ti, pods: "500", nvidia.com/gpu: "100"}
          allocatable: {cpu: "100", memory: 1Ti, pods: "500", nvidia.com/gpu: "100"}
          conditions: [{type: Ready, status: "True", reason: Test, message: "",
            lastHeartbeatTime: "2026-01-01T00:00:00Z", lastTransitionTime: "2026-01-01T00:00:00Z"}]
        ---
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: kwok}
        spec:
          image: desktop
          persistence: {storageClassName: kwok-volume}
          nodeSelector: {vdi.devcluster/simulated: "true"}
        ---
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: manual}
        spec:
          image: desktop
          persistence: {storageClassName: kwok-volume}
          nodeSelector: {vdi.test/node: manual}
          tolerations: [{operator: Exists}]
        ---
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: hurried}
        spec:
          image: desktop
          persistence: {storageClassName: kwok-volume}
          startupTimeout: 12s
          nodeSelector: {vdi.test/node: manual}
          tolerations: [{operator: Exists}]
        """);
  }

  static SessionFixture create(
      KubeClient api, String namespace, String name, String user, String spec) {
    SessionFixture desk = new SessionFixture(api, namespace, name);
    desk.submit(user, spec).orElseThrow();
    return desk;
  }

  /**
   * @param spec further fields, in YAML's flow style: {@code template: kwok, suspended: true}
   */
  ApiResult<VdiSession> submit(String user, String spec) {
    JsonObject object =
        Manifests.parse(
                """
                apiVersion: vdi.kasm.io/v1alpha1
                kind: VDISession
                metadata: {name: "%s", namespace: "%s"}
                spec: {%s}
                """
                    .formatted(name, namespace, spec))
            .getFirst();
    object.getAsJsonObject("spec").addProperty("user", user);
    return api.create(ResourceType.SESSION, namespace, object);
  }

  VdiSession session() {
    return api.get(ResourceType.SESSION, namespace, name).orElseThrow();
  }

  VdiSession awaitPhase(Phase phase) {
    return awaitThat(phase.text(), s -> s.status().currentPhase().orElse(null) == phase);
  }

  VdiSession awaitThat(String what, Predicate<VdiSession> condition) {
    await(name + ": " + what)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> condition.test(session()));
    return session();
  }

  void awaitGone() {
    await(name + " to go")
        .atMost(PATIENCE)
        .until(() -> api.get(ResourceType.SESSION, namespace, name).isNotFound());
  }

  /** Changes the session as a user would. */
  void patch(String json) {
    api.mergePatch(ResourceType.SESSION, namespace, name, parse(json)).orElseThrow();
  }

  void delete() {
    api.delete(ResourceType.SESSION, namespace, name, session().uid()).orElseThrow();
  }

  <T extends KubeObject> ApiResult<T> child(ResourceType<T> kind) {
    return api.get(kind, namespace, childName(kind));
  }

  String childName(ResourceType<?> kind) {
    return kind.equals(ResourceType.SECRET)
        ? ResourceNames.secret(name)
        : kind.equals(ResourceType.PERSISTENT_VOLUME_CLAIM)
            ? ResourceNames.persistentVolumeClaim(name)
            : name;
  }

  <T extends KubeObject> T awaitChild(ResourceType<T> kind) {
    await(name + ": " + kind).atMost(PATIENCE).until(() -> child(kind).ok().isPresent());
    return child(kind).orElseThrow();
  }

  /** Makes an object of somebody else's under the name of a child. */
  void putInTheWay(ResourceType<?> kind) {
    String spec =
        switch (kind.kind()) {
          case "Service" -> "{ports: [{port: 1}]}";
          case "PersistentVolumeClaim" ->
              "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}";
          case "Pod" -> "{nodeSelector: {no: where}, containers: [{name: x, image: x}]}";
          case "IngressRoute" -> "{routes: []}";
          case "Ingress" -> "{defaultBackend: {service: {name: x, port: {number: 1}}}}";
          default -> "{}";
        };
    Manifests.apply(
        api,
        "{apiVersion: %s, kind: %s, metadata: {name: %s}%s}"
            .formatted(
                kind.apiVersion(),
                kind.kind(),
                childName(kind),
                kind.equals(ResourceType.SECRET) ? "" : ", spec: " + spec),
        namespace);
  }

  /** Marks a child as of another time; returns when the controller has brought it up to date. */
  void outdate(ResourceType<?> kind) {
    String hash = hash(kind);
    JsonObject patch =
        parse("{\"metadata\": {\"annotations\": {\"" + Annotations.DESIRED_HASH + "\": \"old\"}}}");
    api.mergePatch(kind, namespace, childName(kind), patch).orElseThrow();
    await(name + ": " + kind).atMost(PATIENCE).until(() -> hash(kind).equals(hash));
  }

  private String hash(ResourceType<?> kind) {
    return raw(kind)
        .getAsJsonObject("metadata")
        .getAsJsonObject("annotations")
        .get(Annotations.DESIRED_HASH)
        .getAsString();
  }

  /** The whole object, as JSON. */
  JsonObject raw(ResourceType<?> kind) {
    String group = kind.group().isEmpty() ? "/api/v1" : "/apis/" + kind.apiVersion();
    return api.request(
            "GET",
            group + "/namespaces/" + namespace + "/" + kind.plural() + "/" + childName(kind),
            null)
        .orElseThrow();
  }

  /** The test as kubelet: what the pod's status says from now on. */
  void kubelet(String statusJson) {
    awaitThat("pod placed", s -> child(ResourceType.POD).ok().filter(Pod::isScheduled).isPresent());
    JsonObject patch = new JsonObject();
    patch.add("status", parse(statusJson));
    api.mergePatchStatus(ResourceType.POD, namespace, name, patch).orElseThrow();
  }

  void kubeletReady() {
    kubelet(
        """
        {"phase": "Running", "podIP": "10.1.1.1", "conditions": [
          {"type": "PodScheduled", "status": "True"},
          {"type": "Ready", "status": "True", "lastTransitionTime": "%s"}]}
        """
            .formatted(Instant.now().truncatedTo(ChronoUnit.SECONDS)));
  }

  /** The test as kubelet: the containers have stopped, the pod may go. */
  void kubeletStopped() {
    await(name + ": pod to be told to stop")
        .atMost(PATIENCE)
        .until(() ->
            child(ResourceType.POD).isNotFound()
                || child(ResourceType.POD).orElseThrow().metadata().isDeleting());
    api.request(
        "DELETE",
        "/api/v1/namespaces/" + namespace + "/pods/" + name,
        parse("{\"gracePeriodSeconds\": 0}"));
  }

  static JsonObject parse(String json) {
    return JsonParser.parseString(json).getAsJsonObject();
  }
}
