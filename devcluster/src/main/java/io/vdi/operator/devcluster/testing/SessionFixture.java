package io.vdi.operator.devcluster.testing;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/**
 * One session of a test, which need not exist yet. The test does to it what a user, the controller
 * or the kubelet does, and waits for the outcome.
 *
 * @param user the e-mail in {@code spec.user}
 * @param patience how long each {@code await…} method waits before it fails
 */
public record SessionFixture(
    KubeClient api, String namespace, String name, String user, Duration patience) {
  /** The garbage collector takes up to 30 s to learn of a kind that was just installed. */
  public static final Duration PATIENCE = Duration.ofSeconds(75);

  /** Of an e-mail address of its own, so that sessions do not share a host name or a quota. */
  SessionFixture(KubeClient api, String namespace, String name, Duration patience) {
    this(api, namespace, name, name + "@example.com", patience);
  }

  /**
   * The types of a session's objects with {@code ingress.kind: traefik}, the default, and a
   * template without a DeviceClass.
   */
  public static List<ResourceType<?>> childTypes() {
    return Arrays.stream(ChildKind.values())
        .filter(kind -> kind != ChildKind.GPU_CLAIM)
        .<ResourceType<?>>map(kind -> kind.resourceTypes().getFirst())
        .toList();
  }

  /** The types of a session's objects with any setting. */
  public static List<ResourceType<?>> allChildTypes() {
    return Arrays.stream(ChildKind.values())
        .flatMap(kind -> kind.resourceTypes().stream())
        .toList();
  }

  /** The same session for another user. */
  public SessionFixture ofUser(String email) {
    return new SessionFixture(api, namespace, name, email, patience);
  }

  // What a user does.

  /**
   * Creates the session, and returns this fixture.
   *
   * @param spec fields beside the user, in YAML's flow style: {@code template: kwok, timeout: 1h}
   */
  public SessionFixture create(String spec) {
    return create(spec, "");
  }

  /**
   * Creates the session, and returns this fixture.
   *
   * @param metadata further metadata, in YAML's flow style
   */
  public SessionFixture create(String spec, String metadata) {
    tryCreate(spec, metadata).orElseThrow();
    return this;
  }

  /** Creates the session where the API server may refuse it. */
  public ApiResult<VdiSession> tryCreate(String spec) {
    return tryCreate(spec, "");
  }

  private ApiResult<VdiSession> tryCreate(String spec, String metadata) {
    JsonObject object =
        yaml(
            "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDISession, metadata: {name: \"%s\", namespace: \"%s\", %s}, spec: {%s}}"
                .formatted(name, namespace, metadata, spec));
    object.getAsJsonObject("spec").addProperty("user", user);
    return api.create(ResourceType.SESSION, namespace, object);
  }

  public VdiSession get() {
    return api.get(ResourceType.SESSION, namespace, name).orElseThrow();
  }

  /** Whether the API server returns the session. It may be marked for deletion. */
  public boolean exists() {
    return api.get(ResourceType.SESSION, namespace, name).ok().isPresent();
  }

  /**
   * Changes the spec.
   *
   * @param spec in YAML's flow style: {@code timeout: 10h, resources: {memory: 8Gi}}
   */
  public void patchSpec(String spec) {
    tryPatchSpec(spec).orElseThrow();
  }

  /** Changes the spec where the session may be deleted concurrently. */
  public ApiResult<VdiSession> tryPatchSpec(String spec) {
    return api.mergePatch(ResourceType.SESSION, namespace, name, object("spec", spec));
  }

  /** Changes the session by a JSON merge patch where the API server may refuse it. */
  public ApiResult<VdiSession> tryPatch(String json) {
    return api.mergePatch(ResourceType.SESSION, namespace, name, json(json));
  }

  public void suspend() {
    patchSpec("suspended: true");
  }

  public void resume() {
    patchSpec("suspended: false");
  }

  public void removeFinalizers() {
    tryPatch("{\"metadata\": {\"finalizers\": null}}").orElseThrow();
  }

  public void delete() {
    api.delete(ResourceType.SESSION, namespace, name, get().uid()).orElseThrow();
  }

  /** Deletes the session, and waits until it does not exist. */
  public void deleteAndAwaitNotFound() {
    delete();
    awaitNotFound();
  }

  /**
   * Deletes the session and leaves its objects, as {@code kubectl delete --cascade=orphan} does.
   */
  public void deleteAndOrphanChildren() {
    api.request("DELETE", path(), json("{\"propagationPolicy\": \"Orphan\"}")).orElseThrow();
  }

  // What the controller does, for tests that run without it.

  /**
   * Creates the session as one whose desktop has been ready since this time.
   *
   * @param spec see {@link #create(String)}
   */
  public SessionFixture createRunning(String spec, Instant since) {
    create(spec);
    setRunning(since);
    return this;
  }

  /** Sets the status of a session whose desktop has been ready since this time. */
  public VdiSession setRunning(Instant since) {
    return setStatus(
        "phase: Running, podName: %s, startTime: \"%s\""
            .formatted(name, since.truncatedTo(ChronoUnit.SECONDS)));
  }

  /** Sets a phase and its condition, which is called as the phase. */
  public void setPhase(Phase phase, String reason, Instant since) {
    setStatus(
        """
        phase: %1$s, conditions: [{type: %1$s, status: "True", reason: %2$s, message: "",
          lastTransitionTime: "%3$s"}]
        """
            .formatted(phase.text(), reason, since.truncatedTo(ChronoUnit.SECONDS)));
  }

  /**
   * Sets fields of the status, and returns the session.
   *
   * @param status in YAML's flow style; a time needs quotes
   */
  public VdiSession setStatus(String status) {
    return trySetStatus(status).orElseThrow();
  }

  /** Sets fields of the status where others write the session concurrently. */
  public ApiResult<VdiSession> trySetStatus(String status) {
    return api.mergePatchStatus(ResourceType.SESSION, namespace, name, object("status", status));
  }

  /** An object of this session that the test is about to create, without an owner. */
  public ChildObject newChild(ResourceType<?> type) {
    return new ChildObject(this, type);
  }

  /** Creates an object of this session, owned by it. */
  public void createChild(ResourceType<?> type) {
    newChild(type).ownedBySession().create();
  }

  /** Creates an object that has nothing in common with the session but the name of its child. */
  public void createForeignChild(ResourceType<?> type) {
    newChild(type).withoutLabels().withoutAnnotations().create();
  }

  /** This session as the controlling owner of an object. */
  public OwnerReference asOwner() {
    return asOwner(get().uid());
  }

  /** A session of the same name and another UID as the controlling owner of an object. */
  public OwnerReference asOwner(String uid) {
    return new OwnerReference(
        ResourceType.SESSION.apiVersion(), ResourceType.SESSION.kind(), name, uid, true);
  }

  // What the kubelet does.

  /**
   * Waits until the scheduler has placed the pod, then sets fields of the pod's status.
   *
   * @param json the fields; null removes one
   */
  public void kubeletReports(String json) {
    await(name + ": the pod to be scheduled")
        .until(() -> child(ResourceType.POD).ok().filter(Pod::isScheduled).isPresent());
    setPodStatus(json);
  }

  public void kubeletReportsReady() {
    kubeletReports(
        """
        {"phase": "Running", "podIP": "10.1.1.1", "conditions": [
          {"type": "PodScheduled", "status": "True"},
          {"type": "Ready", "status": "True", "lastTransitionTime": "%s"}]}
        """
            .formatted(Instant.now().truncatedTo(ChronoUnit.SECONDS)));
  }

  /**
   * Waits until the pod is marked for deletion or no longer exists, then removes the marked pod:
   * its containers have stopped. The precondition on the UID spares a replacement.
   */
  public void kubeletRemovesPod() {
    ApiResult<Pod> marked =
        await(name + ": the pod to be deleted")
            .until(
                () -> child(ResourceType.POD),
                found ->
                    found.isNotFound()
                        || found.ok().filter(pod -> pod.metadata().isDeleting()).isPresent());
    for (Pod pod : marked.ok().stream().toList()) {
      api.request(
          "DELETE",
          childPath(ResourceType.POD),
          json(
              "{\"gracePeriodSeconds\": 0, \"preconditions\": {\"uid\": \"%s\"}}"
                  .formatted(pod.uid())));
    }
  }

  /** Sets fields of the pod's status, whether the pod is scheduled or not. */
  public void setPodStatus(String json) {
    JsonObject patch = new JsonObject();
    patch.add("status", json(json));
    api.mergePatchStatus(ResourceType.POD, namespace, name, patch).orElseThrow();
  }

  /** Deletes the pod without a grace period. A pod that does not exist is no error. */
  public void deletePodImmediately() {
    api.request("DELETE", childPath(ResourceType.POD), json("{\"gracePeriodSeconds\": 0}"));
  }

  // What the test expects of the session.

  /** Fails unless the API server returns the session. It may be marked for deletion. */
  public void expectExists() {
    ApiResult<VdiSession> result = api.get(ResourceType.SESSION, namespace, name);
    if (result.ok().isEmpty()) {
      throw new AssertionError(name + " does not exist: " + result);
    }
  }

  public VdiSession awaitPhase(Phase phase) {
    return awaitUntil(
        "phase " + phase.text(), s -> s.status().currentPhase().orElse(null) == phase);
  }

  /** Waits until the condition of this type is True. */
  public VdiSession awaitCondition(String type) {
    return awaitUntil(
        "condition " + type, s -> s.status().condition(type).filter(Condition::isTrue).isPresent());
  }

  /** Waits until the condition of this type is as expected, and returns it. */
  public Condition awaitCondition(String type, Predicate<Condition> expected) {
    return awaitUntil(
            "condition " + type, s -> s.status().condition(type).filter(expected).isPresent())
        .status()
        .condition(type)
        .orElseThrow();
  }

  /** Waits until {@code status.message} contains this text. */
  public VdiSession awaitMessage(String text) {
    return awaitUntil("the message \"" + text + "\"", s -> s.status().message().contains(text));
  }

  /**
   * Waits until the condition holds, and returns the session for which it does.
   *
   * @param what for the failure message, which also shows the last state of the session
   */
  public VdiSession awaitUntil(String what, Predicate<VdiSession> condition) {
    return await(name + ": " + what).until(this::get, condition);
  }

  /** Waits until the session does not exist. */
  public void awaitNotFound() {
    await(name + " to be deleted")
        .until(() -> api.get(ResourceType.SESSION, namespace, name).isNotFound());
  }

  /** Waits until the session has not been written for this time, and returns its version. */
  public String awaitUnchangedFor(Duration time) {
    AtomicReference<String> version = new AtomicReference<>("");
    await(name + " to be left unchanged for " + time)
        .during(time)
        .until(() -> {
          String now = resourceVersion();
          return version.getAndSet(now).equals(now);
        });
    return version.get();
  }

  public String resourceVersion() {
    return get().metadata().resourceVersion();
  }

  /** Waits for an Event about the session with this reason. */
  public void awaitEvent(String reason) {
    await(name + ": Event " + reason).until(() -> countEvents(reason), count -> count > 0);
  }

  /** How many Events with this reason there are about the session. */
  public long countEvents(String reason) {
    String path =
        ResourceType.EVENT.path(namespace)
            + "?fieldSelector=reason=%s,involvedObject.name=%s".formatted(reason, name);
    return api.request("GET", path, null).orElseThrow().getAsJsonArray("items").size();
  }

  /** All Events of the session's namespace. */
  public JsonArray eventsInNamespace() {
    return api.request("GET", ResourceType.EVENT.path(namespace), null)
        .orElseThrow()
        .getAsJsonArray("items");
  }

  // What the test expects of the session's objects.

  public <T extends KubeObject> ApiResult<T> child(ResourceType<T> type) {
    return api.get(type, namespace, childName(type));
  }

  /** The name that the session's object of this type has. */
  public String childName(ResourceType<?> type) {
    return ChildKind.of(type).orElseThrow().nameFor(name);
  }

  /** The object of this type with all its fields. */
  public JsonObject childJson(ResourceType<?> type) {
    return api.request("GET", childPath(type), null).orElseThrow();
  }

  /** When an object was created. */
  public static Instant creationTime(JsonObject object) {
    return Instant.parse(object.getAsJsonObject("metadata").get("creationTimestamp").getAsString());
  }

  /** Whether the object exists and is not marked for deletion. */
  public boolean hasChild(ResourceType<?> type) {
    return child(type.metadataOnly()).ok().filter(c -> !c.metadata().isDeleting()).isPresent();
  }

  /** Fails unless the object exists and is not marked for deletion. */
  public void expectChild(ResourceType<?> type) {
    if (!hasChild(type)) {
      throw new AssertionError("%s: no %s: %s".formatted(name, type, child(type)));
    }
  }

  /** Fails unless the API server reports that the object does not exist. */
  public void expectChildNotFound(ResourceType<?> type) {
    ApiResult<?> result = child(type);
    if (!result.isNotFound()) {
      throw new AssertionError("%s: %s exists: %s".formatted(name, type, result));
    }
  }

  public <T extends KubeObject> T awaitChild(ResourceType<T> type) {
    await(name + ": " + type).until(() -> child(type).ok().isPresent());
    return child(type).orElseThrow();
  }

  /** Waits until the object does not exist. */
  public void awaitChildNotFound(ResourceType<?> type) {
    await(name + ": " + type + " to be deleted").until(() -> child(type).isNotFound());
  }

  /** Waits until the object is deleted, or at least marked for deletion. */
  public void awaitChildDeletion(ResourceType<?> type) {
    await(name + ": the deletion of " + type).until(() -> !hasChild(type));
  }

  /** Deletes the object, and waits until the controller has created another one. */
  public void deleteChildAndAwaitAnother(ResourceType<?> type) {
    KubeObject child = awaitChild(type);
    api.delete(type, namespace, child.name(), child.uid()).orElseThrow();
    await(name + ": another " + type)
        .until(() ->
            child(type)
                .ok()
                .filter(now -> !now.uid().equals(child.uid()) && !now.metadata().isDeleting())
                .isPresent());
  }

  /** Makes the object look like one of an older version, and waits until it is up to date. */
  public void outdateChildAndAwaitUpdate(ResourceType<?> type) {
    String hash = desiredHash(type);
    JsonObject outdated =
        object("metadata", "annotations: {" + Annotations.DESIRED_HASH + ": outdated}");
    api.mergePatch(type, namespace, childName(type), outdated).orElseThrow();
    await(name + ": " + type + " to be updated").until(() -> desiredHash(type), hash::equals);
  }

  private String desiredHash(ResourceType<?> type) {
    return child(type).orElseThrow().metadata().annotation(Annotations.DESIRED_HASH).orElseThrow();
  }

  /** The path of this session in the API. */
  public String path() {
    return ResourceType.SESSION.path(namespace, name);
  }

  /** The path of its object of this type in the API. */
  public String childPath(ResourceType<?> type) {
    return type.path(namespace, childName(type));
  }

  private ConditionFactory await(String what) {
    return Awaitility.await(what)
        .atMost(patience)
        .pollDelay(Duration.ZERO)
        .pollInterval(PollIntervals.OF_REQUESTS);
  }

  private static JsonObject object(String field, String yaml) {
    return yaml("{%s: {%s}}".formatted(field, yaml));
  }

  private static JsonObject yaml(String text) {
    return Manifests.parse(text).getFirst();
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }
}
