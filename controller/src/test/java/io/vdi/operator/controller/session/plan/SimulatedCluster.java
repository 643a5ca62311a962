package io.vdi.operator.controller.session.plan;

import com.google.gson.JsonObject;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.HomeFate;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.cache.DesiredPolicyCache;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.controller.session.resources.SharedObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The part of a cluster that concerns one session, in memory: executes plans, and simulates garbage
 * collector, scheduler, kubelet and provisioner. It fails the test when a plan changes a foreign
 * object or deletes a home.
 */
final class SimulatedCluster {
  static final String SESSION_UID = "uid-session";

  VdiSession session;
  Optional<VdiTemplate> template;
  boolean sessionDeleted;
  boolean routeTypeServed = true;
  boolean resync;
  boolean accessKnown = true;
  boolean claimsServed = true;
  private static final DesiredPolicyCache POLICIES = new DesiredPolicyCache();

  Optional<Node> node = Optional.empty();
  Optional<ObjectMeta> policy = Optional.empty();
  Optional<ObjectMeta> middleware = Optional.empty();
  Optional<QuotaWait> quotaWait = Optional.empty();
  SessionConfig config = ClusterStates.CONFIG;
  Instant now = Instant.parse("2026-01-01T12:00:00Z");
  final Map<ResourceType<?>, KubeObject> objects = new HashMap<>();
  boolean startIsRetried;

  /** What a check of the node finds; it always has the live state of the node. */
  DrainCheck drainCheck = new DrainCheck.Movable();

  /** How many pods were stopped because of their node. */
  int moves;

  private Optional<PodHistory.EndedPod> ended = Optional.empty();
  private int uids;

  ObservedSession observe() {
    Map<ChildKind, ChildState> children = new EnumMap<>(ChildKind.class);
    for (ChildKind kind : ChildKind.values()) {
      child(kind == ChildKind.ROUTE ? config.routeType() : kind.resourceTypes().getFirst())
          .ifPresent(child -> children.put(kind, child));
    }
    return new ObservedSession(
        session,
        template,
        "alice",
        children,
        config.otherRouteTypes().stream().flatMap(type -> child(type).stream()).toList(),
        routeTypeServed,
        resync,
        node,
        shared(),
        quotaWait,
        new PodHistory(endedPod(), startIsRetried),
        accessKnown,
        claimsServed,
        Optional.of(drainCheck));
  }

  private List<SharedState> shared() {
    return template
        .map(found ->
            Stream.concat(
                    POLICIES.of(found, config).stream()
                        .map(desired -> new SharedState(desired, policy)),
                    config.middleware().filter(any -> routeTypeServed).stream()
                        .map(desired -> new SharedState(desired, middleware)))
                .toList())
        .orElse(List.of());
  }

  /** What the controller remembers: the last pod that ended, until another one runs. */
  private Optional<PodHistory.EndedPod> endedPod() {
    if (objects.get(ResourceType.POD) instanceof Pod pod) {
      ended =
          pod.isFinished()
              ? Optional.of(
                  new PodHistory.EndedPod(
                      "Evicted", "the pod ended: Evicted", KnownCause.POD_FAILED, now))
              : Optional.empty();
    }
    return ended;
  }

  private Optional<ChildState> child(ResourceType<?> type) {
    return Optional.ofNullable(objects.get(type))
        .map(object -> ChildState.of(type, object, session));
  }

  /** The desired state of the session as it is now. */
  DesiredState desired() {
    ObservedSession observed = observe();
    return template
        .map(found -> DesiredState.of(session, found.spec(), observed.host(), config))
        .orElseGet(DesiredState.TemplateMissing::new);
  }

  Plan plan() {
    return SessionPlanner.plan(observe(), desired(), config, now);
  }

  /** What happens to one write. */
  enum Outcome {
    DONE,
    REFUSED,
    RETRIED,
    /** The write succeeds, and the controller ends right after it. */
    CRASH
  }

  /** Executes the plan. Returns the number of writes; the status counts as one. */
  int apply(Plan plan) {
    return apply(plan, step -> Outcome.DONE);
  }

  /** Executes the plan as {@code PlanExecutor} does, with these outcomes of its writes. */
  int apply(Plan plan, Function<Step, Outcome> outcomes) {
    int writes = 0;
    List<FailedStep> failures = new ArrayList<>();
    for (Step step : plan.steps()) {
      if (FailedStep.anyBlocks(failures, step)) {
        continue;
      }
      switch (outcomes.apply(step)) {
        case DONE -> {
          execute(step.action());
          writes++;
        }
        case REFUSED ->
            failures.add(new FailedStep(step, new ApiFailure.Permanent("Forbidden", "refused")));
        case RETRIED ->
            failures.add(
                new FailedStep(step, new ApiFailure.Transient("InternalError", "try again")));
        case CRASH -> {
          execute(step.action());
          return writes + 1;
        }
      }
    }
    Optional<VdiSession.Status> status =
        failures.isEmpty()
            ? plan.status()
            : plan.status()
                .map(planned -> FailureStatus.of(observe(), config, planned, failures, now));
    if (status.isPresent() && !sessionDeleted && !status.get().equals(session.status())) {
      session = new VdiSession(session.metadata(), session.spec(), status.get());
      writes++;
    }
    return writes;
  }

  private void execute(Action action) {
    switch (action) {
      case Action.AddFinalizer(VdiSession observed) -> finalizers(List.of(VdiSession.FINALIZER));
      case Action.RemoveFinalizer(VdiSession observed, HomeFate fate) -> {
        requireHome(fate);
        finalizers(List.of());
        sessionDeleted = true;
      }
      case Action.Create(DesiredObject desired) -> {
        if (desired.kind() == ChildKind.SECRET) {
          throw new AssertionError("a Secret without secret values");
        }
        create(desired);
      }
      case Action.CreateSecret(DesiredObject desired, Optional<TurnGrant> turn, Instant now) -> {
        create(desired);
        annotate(ResourceType.SECRET, Annotations.VIEWER_PASSWORD_SINCE, now.toString());
        turn.ifPresent(this::issued);
      }
      case Action.CreatePod(DesiredObject desired, int restarts) -> {
        create(desired);
        annotate(ResourceType.POD, Annotations.RESTARTS, String.valueOf(restarts));
      }
      case Action.Update(DesiredObject desired, ObjectMeta current) -> {
        requireOurs(desired.type(), current);
        requireGuard(desired);
        objects.put(desired.type(), decode(desired, desired.body(), current.uid()));
      }
      case Action.ApplyShared(SharedObject desired, Optional<ObjectMeta> current) -> {
        Optional<ObjectMeta> written =
            Optional.of(
                ClusterStates.meta(
                    desired.name(),
                    "uid-" + desired.name(),
                    Optional.empty(),
                    Map.of(Annotations.DESIRED_HASH, desired.hash()),
                    false));
        if (desired.guardsRoutes()) {
          middleware = written;
        } else {
          policy = written;
        }
      }
      case Action.RenewTurn(ObjectMeta secret, TurnGrant turn) -> {
        requireOurs(ResourceType.SECRET, secret);
        issued(turn);
      }
      case Action.AddViewerPassword(ObjectMeta secret, Instant now) -> {
        requireOurs(ResourceType.SECRET, secret);
        annotate(ResourceType.SECRET, Annotations.VIEWER_PASSWORD_SINCE, now.toString());
      }
      case Action.SetOwner(
              ResourceType<?> type,
              ObjectMeta current,
              VdiSession owner,
              boolean owned) -> {
        requireOurs(type, current);
        setOwner(type, owned);
      }
      case Action.ResizeHome(ObjectMeta home, String size) ->
          requireOurs(ResourceType.PERSISTENT_VOLUME_CLAIM, home);
      case Action.ReplacePod(ObjectMeta current, String reason) -> {
        requireOurs(ResourceType.POD, current);
        objects.computeIfPresent(ResourceType.POD, (key, object) -> deleting(key, object));
      }
      case Action.MovePod(ObjectMeta current, String reason) -> {
        requireOurs(ResourceType.POD, current);
        if (node.flatMap(Node::drain).isEmpty()) {
          throw new AssertionError("stopped a pod whose node is not drained: " + reason);
        }
        moves++;
        objects.computeIfPresent(ResourceType.POD, (key, object) -> deleting(key, object));
      }
      case Action.AnnounceDrain(ObjectMeta pod, Instant deadline) -> {
        requireOurs(ResourceType.POD, pod);
        annotate(ResourceType.POD, Annotations.DRAIN_DEADLINE, deadline.toString());
      }
      case Action.CancelDrain(ObjectMeta pod) -> {
        requireOurs(ResourceType.POD, pod);
        removeAnnotation(ResourceType.POD, Annotations.DRAIN_DEADLINE);
      }
      case Action.ForceDeletePod(ObjectMeta current, String reason) -> {
        requireOurs(ResourceType.POD, current);
        if (!session.metadata().isDeleting() || node.flatMap(Node::notReadySince).isEmpty()) {
          throw new AssertionError("force-deleted a pod that can still stop: " + reason);
        }
        objects.remove(ResourceType.POD);
      }
      case Action.Delete(ResourceType<?> type, ObjectMeta current) -> {
        requireOurs(type, current);
        if (type.equals(ResourceType.PERSISTENT_VOLUME_CLAIM)) {
          throw new AssertionError("the controller must not delete a home");
        }
        objects.computeIfPresent(type, (key, object) -> deleting(key, object));
      }
    }
  }

  private void create(DesiredObject desired) {
    if (objects.containsKey(desired.type())) {
      throw new AssertionError("created over an existing " + desired.type());
    }
    requireGuard(desired);
    if (desired.kind().isOptional()) {
      requireControlled(ResourceType.SECRET);
    }
    if (desired.kind() == ChildKind.ROLE_BINDING) {
      requireControlled(ResourceType.ROLE);
    }
    objects.put(desired.type(), decode(desired, desired.body(), "uid-new-" + uids++));
  }

  /** A route that refers to a missing Middleware does not work. */
  private void requireGuard(DesiredObject desired) {
    if (desired.kind() == ChildKind.ROUTE
        && config.middleware().isPresent()
        && middleware.isEmpty()) {
      throw new AssertionError("a route without its Middleware");
    }
  }

  /** Access is given only to the session's own Secret, and only by a Role that it controls. */
  private void requireControlled(ResourceType<?> type) {
    if (!objects.containsKey(type)
        || !ChildState.of(type, objects.get(type), session).isOurs()
        || objects.get(type).metadata().isDeleting()) {
      throw new AssertionError("access to a foreign " + type + ": " + objects.get(type));
    }
  }

  /** The most important rule: no plan changes a foreign object. */
  private void requireOurs(ResourceType<?> type, ObjectMeta current) {
    ObjectMeta actual = objects.get(type).metadata();
    if (!actual.uid().equals(current.uid())
        || !ChildState.of(type, objects.get(type), session).isOurs()) {
      throw new AssertionError("changed a foreign " + type + ": " + actual);
    }
  }

  /** The garbage collector deletes an owned home right after the finalizer is removed. */
  private void requireHome(HomeFate fate) {
    KubeObject home = objects.get(ResourceType.PERSISTENT_VOLUME_CLAIM);
    if (fate == HomeFate.RELEASE
        && home != null
        && !home.metadata().isDeleting()
        && home.metadata().isControlledBy(session.uid())) {
      throw new AssertionError("the finalizer is removed, and the home still has its owner");
    }
  }

  private void issued(TurnGrant turn) {
    annotate(ResourceType.SECRET, Annotations.TURN_EXPIRES, turn.expires().toString());
  }

  void annotate(ResourceType<?> type, String key, String value) {
    JsonObject json = KubeGson.gson().toJsonTree(objects.get(type)).getAsJsonObject();
    json.getAsJsonObject("metadata").getAsJsonObject("annotations").addProperty(key, value);
    objects.put(type, KubeGson.gson().fromJson(json, type.objectClass()));
  }

  private void removeAnnotation(ResourceType<?> type, String key) {
    JsonObject json = KubeGson.gson().toJsonTree(objects.get(type)).getAsJsonObject();
    json.getAsJsonObject("metadata").getAsJsonObject("annotations").remove(key);
    objects.put(type, KubeGson.gson().fromJson(json, type.objectClass()));
  }

  private void setOwner(ResourceType<?> type, boolean owned) {
    JsonObject json = KubeGson.gson().toJsonTree(objects.get(type)).getAsJsonObject();
    JsonObject metadata = json.getAsJsonObject("metadata");
    metadata.remove("ownerReferences");
    if (owned) {
      metadata.add(
          "ownerReferences",
          KubeGson.gson().toJsonTree(List.of(ClusterStates.owner(SESSION_UID).get())));
    }
    objects.put(type, KubeGson.gson().fromJson(json, type.objectClass()));
  }

  /** A user changes the spec. */
  void changeSpec(boolean suspended, ReclaimPolicy policy) {
    JsonObject json = KubeGson.gson().toJsonTree(session).getAsJsonObject();
    json.getAsJsonObject("metadata").addProperty("generation", session.metadata().generation() + 1);
    json.getAsJsonObject("spec").addProperty("suspended", suspended);
    json.getAsJsonObject("spec")
        .getAsJsonObject("persistence")
        .addProperty("reclaimPolicy", policy.text());
    session = KubeGson.gson().fromJson(json, VdiSession.class);
  }

  /** The session is deleted; it exists until its finalizer is removed. */
  void delete(Map<String, String> annotations) {
    JsonObject json = KubeGson.gson().toJsonTree(session).getAsJsonObject();
    JsonObject metadata = json.getAsJsonObject("metadata");
    metadata.addProperty("deletionTimestamp", now.toString());
    metadata.add("finalizers", KubeGson.gson().toJsonTree(List.of(VdiSession.FINALIZER)));
    metadata.add("annotations", KubeGson.gson().toJsonTree(annotations));
    session = KubeGson.gson().fromJson(json, VdiSession.class);
  }

  /** All children lose their owners, as after a restore from a backup. */
  void removeOwners() {
    for (ResourceType<?> type : List.copyOf(objects.keySet())) {
      if (objects.get(type).metadata().isControlledBy(SESSION_UID)) {
        setOwner(type, false);
      }
    }
  }

  private void finalizers(List<String> finalizers) {
    ObjectMeta m = session.metadata();
    session =
        new VdiSession(
            new ObjectMeta(
                m.name(),
                m.namespace(),
                m.uid(),
                m.resourceVersion(),
                m.generation(),
                m.creationTimestamp(),
                m.deletionTimestamp(),
                m.labels(),
                m.annotations(),
                finalizers,
                m.ownerReferences(),
                0),
            session.spec(),
            session.status());
  }

  private KubeObject decode(DesiredObject desired, JsonObject body, String uid) {
    JsonObject json = body.deepCopy();
    json.getAsJsonObject("metadata").addProperty("uid", uid);
    json.getAsJsonObject("metadata").addProperty("creationTimestamp", now.toString());
    return KubeGson.gson().fromJson(json, desired.type().objectClass());
  }

  static KubeObject deleting(ResourceType<?> type, KubeObject object) {
    JsonObject json = KubeGson.gson().toJsonTree(object).getAsJsonObject();
    json.getAsJsonObject("metadata").addProperty("deletionTimestamp", "2026-01-01T12:00:00Z");
    return KubeGson.gson().fromJson(json, type.objectClass());
  }

  /** What garbage collector, scheduler, kubelet and provisioner do in one second. */
  void advance() {
    now = now.plus(Duration.ofSeconds(1));
    for (ResourceType<?> type : new ArrayList<>(objects.keySet())) {
      ObjectMeta meta = objects.get(type).metadata();
      boolean orphaned = Ownership.of(type, meta, session) == Ownership.PREVIOUS_SESSION;
      boolean stuck =
          objects.get(type) instanceof Pod pod
              && !pod.isFinished()
              && node.flatMap(Node::notReadySince).isPresent();
      if ((meta.isDeleting() || orphaned) && !stuck) {
        objects.remove(type);
      }
    }
    objects.computeIfPresent(
        ResourceType.PERSISTENT_VOLUME_CLAIM,
        (k, o) -> {
          PersistentVolumeClaim claim = (PersistentVolumeClaim) o;
          if (!ChildState.of(k, claim, session).isOurs()) {
            return claim;
          }
          return new PersistentVolumeClaim(
              claim.metadata(), claim.spec(), new PersistentVolumeClaim.Status("Bound", null));
        });
    objects.computeIfPresent(ResourceType.POD, (k, o) -> progress((Pod) o));
  }

  private Pod progress(Pod pod) {
    boolean bound =
        !(objects.get(ResourceType.PERSISTENT_VOLUME_CLAIM) instanceof PersistentVolumeClaim claim)
            || claim.isBound();
    boolean owned = ChildState.of(ResourceType.POD, pod, session).isOurs();
    boolean nodeLost = node.flatMap(Node::notReadySince).isPresent();
    if (pod.isFinished() || pod.isReady() || !bound || !owned || nodeLost) {
      return pod;
    }
    List<Condition> scheduled = List.of(condition("PodScheduled"));
    List<Condition> ready = List.of(condition("PodScheduled"), condition("Ready"));
    return pod.isScheduled()
        ? new Pod(
            pod.metadata(),
            pod.spec(),
            new Pod.Status("Running", null, null, "10.0.0.1", ready, null, null))
        : new Pod(
            pod.metadata(),
            new Pod.Spec("node", null),
            new Pod.Status("Pending", null, null, null, scheduled, null, null));
  }

  private Condition condition(String type) {
    return new Condition(type, "True", "", "", now, 0);
  }
}
