package io.vdi.operator.controller.session.plan;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
  Optional<String> quotaWait = Optional.empty();
  SessionConfig config = ClusterStates.CONFIG;
  Instant now = Instant.parse("2026-01-01T12:00:00Z");
  final Map<ResourceType<?>, KubeObject> objects = new HashMap<>();
  private int uids;

  ObservedSession observe() {
    Map<ChildKind, ChildState> children = new EnumMap<>(ChildKind.class);
    for (ChildKind kind : ChildKind.values()) {
      child(kind.resourceTypes().getFirst()).ifPresent(child -> children.put(kind, child));
    }
    return new ObservedSession(
        session,
        template,
        "alice",
        children,
        child(ResourceType.INGRESS),
        routeTypeServed,
        resync,
        quotaWait);
  }

  private Optional<ChildState> child(ResourceType<?> type) {
    return Optional.ofNullable(objects.get(type))
        .map(object -> ChildState.of(type, object, session));
  }

  /** The desired state of the session as it is now. */
  DesiredState desired() {
    ObservedSession observed = observe();
    return template
        .map(found ->
            DesiredState.of(session, found.spec(), observed.host(), config, observed.home()))
        .orElseGet(DesiredState.TemplateMissing::new);
  }

  Plan plan() {
    return SessionPlanner.plan(observe(), desired(), config, now);
  }

  /** Executes the plan. Returns the number of writes; the status counts as one. */
  int apply(Plan plan) {
    int writes = 0;
    for (List<Action> stage : plan.stages()) {
      for (Action action : stage) {
        execute(action);
        writes++;
      }
    }
    if (plan.status().isPresent()
        && !sessionDeleted
        && !plan.status().get().equals(session.status())) {
      session = new VdiSession(session.metadata(), session.spec(), plan.status().get());
      writes++;
    }
    return writes;
  }

  private void execute(Action action) {
    switch (action) {
      case Action.AddFinalizer(VdiSession observed) -> finalizers(List.of(VdiSession.FINALIZER));
      case Action.RemoveFinalizer(VdiSession observed) -> {
        finalizers(List.of());
        sessionDeleted = true;
      }
      case Action.Create(DesiredObject desired) -> {
        if (desired.kind() == ChildKind.SECRET) {
          throw new AssertionError("a Secret without secret values");
        }
        create(desired);
      }
      case Action.CreateSecret(DesiredObject desired, Optional<TurnGrant> turn) -> create(desired);
      case Action.Update(DesiredObject desired, ObjectMeta current) -> {
        requireOurs(desired.type(), current);
        objects.put(desired.type(), decode(desired, desired.body(), current.uid()));
      }
      case Action.RenewTurn(ObjectMeta secret, TurnGrant turn) ->
          requireOurs(ResourceType.SECRET, secret);
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
    objects.put(desired.type(), decode(desired, desired.body(), "uid-new-" + uids++));
  }

  /** The most important rule: no plan changes a foreign object. */
  private void requireOurs(ResourceType<?> kind, ObjectMeta current) {
    ObjectMeta actual = objects.get(kind).metadata();
    if (!actual.uid().equals(current.uid())
        || Ownership.of(kind, actual, session) != Ownership.OURS) {
      throw new AssertionError("changed a foreign " + kind + ": " + actual);
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
                m.ownerReferences()),
            session.spec(),
            session.status());
  }

  private KubeObject decode(DesiredObject desired, JsonObject body, String uid) {
    JsonObject json = body.deepCopy();
    json.getAsJsonObject("metadata").addProperty("uid", uid);
    json.getAsJsonObject("metadata").addProperty("creationTimestamp", now.toString());
    return KubeGson.gson().fromJson(json, desired.type().objectClass());
  }

  static KubeObject deleting(ResourceType<?> kind, KubeObject object) {
    JsonObject json = KubeGson.gson().toJsonTree(object).getAsJsonObject();
    json.getAsJsonObject("metadata").addProperty("deletionTimestamp", "2026-01-01T12:00:00Z");
    return KubeGson.gson().fromJson(json, kind.objectClass());
  }

  /** What garbage collector, scheduler, kubelet and provisioner do in one second. */
  void advance() {
    now = now.plus(Duration.ofSeconds(1));
    for (ResourceType<?> kind : new ArrayList<>(objects.keySet())) {
      ObjectMeta meta = objects.get(kind).metadata();
      boolean orphaned = Ownership.of(kind, meta, session) == Ownership.PREVIOUS_SESSION;
      if (meta.isDeleting() || orphaned) {
        objects.remove(kind);
      }
    }
    objects.computeIfPresent(
        ResourceType.PERSISTENT_VOLUME_CLAIM,
        (k, o) -> {
          PersistentVolumeClaim claim = (PersistentVolumeClaim) o;
          if (Ownership.of(k, claim.metadata(), session) != Ownership.OURS) {
            return claim;
          }
          return new PersistentVolumeClaim(
              claim.metadata(), claim.spec(), new PersistentVolumeClaim.Status("Bound"));
        });
    objects.computeIfPresent(ResourceType.POD, (k, o) -> progress((Pod) o));
  }

  private Pod progress(Pod pod) {
    boolean bound =
        !(objects.get(ResourceType.PERSISTENT_VOLUME_CLAIM) instanceof PersistentVolumeClaim claim)
            || claim.isBound();
    boolean ours = Ownership.of(ResourceType.POD, pod.metadata(), session) == Ownership.OURS;
    if (pod.isFinished() || pod.isReady() || !bound || !ours) {
      return pod;
    }
    List<Condition> scheduled = List.of(condition("PodScheduled"));
    List<Condition> ready = List.of(condition("PodScheduled"), condition("Ready"));
    return pod.isScheduled()
        ? new Pod(
            pod.metadata(),
            pod.spec(),
            new Pod.Status("Running", null, null, "10.0.0.1", ready, null))
        : new Pod(
            pod.metadata(),
            new Pod.Spec("node", null),
            new Pod.Status("Pending", null, null, null, scheduled, null));
  }

  private Condition condition(String type) {
    return new Condition(type, "True", "", "", now, 0);
  }
}
