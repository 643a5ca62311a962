package io.vdi.operator.controller.session.plan;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.resources.DesiredObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A cluster in memory, as far as one session is concerned: carries plans out, and lives on its own.
 */
final class SimulatedCluster {
  static final String SESSION_UID = "uid-session";

  VdiSession session;
  Optional<VdiTemplate> template;
  boolean sessionGone;
  boolean routeKindServed = true;
  Optional<String> quotaWait = Optional.empty();
  Instant now = Instant.parse("2026-01-01T12:00:00Z");
  final Map<ResourceType<?>, KubeObject> objects = new HashMap<>();
  private int uids;

  ObservedSession observe() {
    return new ObservedSession(
        session,
        template,
        "alice",
        get(ResourceType.POD, Pod.class),
        get(ResourceType.PERSISTENT_VOLUME_CLAIM, PersistentVolumeClaim.class),
        get(ResourceType.SECRET, PartialObjectMetadata.class),
        get(ResourceType.SERVICE, PartialObjectMetadata.class),
        get(ResourceType.INGRESS_ROUTE, PartialObjectMetadata.class),
        get(ResourceType.INGRESS, PartialObjectMetadata.class),
        routeKindServed,
        false,
        quotaWait);
  }

  private <T extends KubeObject> Optional<T> get(ResourceType<?> kind, Class<T> type) {
    return Optional.ofNullable(objects.get(kind)).map(type::cast);
  }

  /** Carries the plan out. Returns the number of writes, the status counted as one. */
  int apply(Plan plan) {
    int writes = 0;
    for (List<Action> stage : plan.stages()) {
      for (Action action : stage) {
        carryOut(action);
        writes++;
      }
    }
    if (plan.status().isPresent()
        && !sessionGone
        && !plan.status().get().equals(session.status())) {
      session = new VdiSession(session.metadata(), session.spec(), plan.status().get());
      writes++;
    }
    return writes;
  }

  private void carryOut(Action action) {
    switch (action) {
      case Action.AddFinalizer(VdiSession seen) -> finalizers(List.of(VdiSession.FINALIZER));
      case Action.RemoveFinalizer(VdiSession seen) -> {
        finalizers(List.of());
        sessionGone = true;
      }
      case Action.Create(DesiredObject desired) -> {
        if (objects.containsKey(desired.kind())) {
          throw new AssertionError("created over an existing " + desired.kind());
        }
        objects.put(desired.kind(), decode(desired, desired.body(), "uid-new-" + uids++));
      }
      case Action.Update(DesiredObject desired, ObjectMeta current) -> {
        requireOurs(desired.kind(), current);
        objects.put(desired.kind(), decode(desired, desired.body(), current.uid()));
      }
      case Action.RenewTurn(ObjectMeta secret, Instant expires) ->
          requireOurs(ResourceType.SECRET, secret);
      case Action.Delete(ResourceType<?> kind, ObjectMeta current) -> {
        requireOurs(kind, current);
        if (kind.equals(ResourceType.PERSISTENT_VOLUME_CLAIM)) {
          throw new AssertionError("a home is never deleted by the controller");
        }
        objects.computeIfPresent(kind, (k, object) -> deleting(k, object));
      }
    }
  }

  /** The rule that matters most: nothing foreign is touched. */
  private void requireOurs(ResourceType<?> kind, ObjectMeta current) {
    ObjectMeta actual = objects.get(kind).metadata();
    if (!actual.uid().equals(current.uid())
        || Ownership.of(kind, actual, session) != Ownership.OURS) {
      throw new AssertionError("touched a foreign " + kind + ": " + actual);
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
    return KubeGson.gson().fromJson(json, desired.kind().objectClass());
  }

  static KubeObject deleting(ResourceType<?> kind, KubeObject object) {
    JsonObject json = KubeGson.gson().toJsonTree(object).getAsJsonObject();
    json.getAsJsonObject("metadata").addProperty("deletionTimestamp", "2026-01-01T12:00:00Z");
    return KubeGson.gson().fromJson(json, kind.objectClass());
  }

  /**
   * What the rest of the cluster does meanwhile: garbage collector, scheduler, kubelet,
   * provisioner.
   */
  void live() {
    now = now.plus(Duration.ofSeconds(1));
    for (ResourceType<?> kind : new ArrayList<>(objects.keySet())) {
      ObjectMeta meta = objects.get(kind).metadata();
      boolean former = Ownership.of(kind, meta, session) == Ownership.PREVIOUS_SESSION;
      if (meta.isDeleting() || former) {
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
    List<Condition> placed = List.of(condition("PodScheduled"));
    List<Condition> ready = List.of(condition("PodScheduled"), condition("Ready"));
    return pod.isScheduled()
        ? new Pod(
            pod.metadata(),
            pod.spec(),
            new Pod.Status("Running", null, null, "10.0.0.1", ready, null))
        : new Pod(
            pod.metadata(),
            new Pod.Spec("node", null),
            new Pod.Status("Pending", null, null, null, placed, null));
  }

  private Condition condition(String type) {
    return new Condition(type, "True", "", "", now, 0);
  }
}
