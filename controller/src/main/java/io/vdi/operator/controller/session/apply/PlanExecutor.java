package io.vdi.operator.controller.session.apply;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.HomeFate;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.controller.session.plan.Action;
import io.vdi.operator.controller.session.plan.FailedStep;
import io.vdi.operator.controller.session.plan.Ownership;
import io.vdi.operator.controller.session.plan.Plan;
import io.vdi.operator.controller.session.plan.Step;
import io.vdi.operator.controller.session.plan.TurnGrant;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.RouteMetadata;
import io.vdi.operator.controller.session.resources.SharedObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/**
 * Executes the steps of a plan in their order, those of one order concurrently. A failed step
 * blocks only the steps that depend on it. Every result is visible in the caches immediately. Every
 * write can be repeated, and the process can end after any of them: a creation is identified by the
 * object's name, changes and deletions by the UID of the observed object; docs/specification.md,
 * section 3, Writes.
 */
public final class PlanExecutor {
  private final KubeClient api;
  private final ControllerCaches caches;
  private final Map<ResourceType<?>, ResourceCache<?>> cacheOf;
  private final SecretGenerator secrets;
  private final BooleanSupplier mayWrite;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * @param mayWrite read before each write: whether this process is still the leader
   */
  public PlanExecutor(
      KubeClient api, ControllerCaches caches, SecretGenerator secrets, BooleanSupplier mayWrite) {
    this.api = api;
    this.caches = caches;
    this.cacheOf = caches.byType();
    this.secrets = secrets;
    this.mayWrite = mayWrite;
  }

  /**
   * Executes the plan. Its status is written by {@link #writeStatus}.
   *
   * @return the steps that failed; those that they block were not executed
   */
  public List<FailedStep> execute(VdiSession session, Plan plan) {
    List<FailedStep> failures = new ArrayList<>();
    for (Step.Order order : Step.Order.values()) {
      List<Step> steps =
          plan.steps().stream()
              .filter(step -> step.order() == order)
              .filter(step -> !FailedStep.anyBlocks(failures, step))
              .toList();
      failures.addAll(executeTogether(session, steps));
    }
    return List.copyOf(failures);
  }

  private List<FailedStep> executeTogether(VdiSession session, List<Step> steps) {
    List<Future<Optional<ApiFailure>>> running =
        steps.stream()
            .skip(1)
            .map(step -> threads.submit(() -> execute(session, step.action())))
            .toList();
    List<FailedStep> failures = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      // The first one needs no thread of its own.
      Optional<ApiFailure> failure =
          i == 0 ? execute(session, step.action()) : result(running.get(i - 1));
      failure.ifPresent(cause -> failures.add(new FailedStep(step, cause)));
    }
    return failures;
  }

  private static Optional<ApiFailure> result(Future<Optional<ApiFailure>> running) {
    try {
      return running.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException("bug in an action", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of(new ApiFailure.Transient("Interrupted", "the controller is stopping"));
    }
  }

  private Optional<ApiFailure> execute(VdiSession session, Action action) {
    if (!mayWrite.getAsBoolean()) {
      return Optional.of(notLeading());
    }
    try {
      return switch (action) {
        case Action.AddFinalizer(VdiSession observed) -> addFinalizer(observed);
        case Action.RemoveFinalizer(VdiSession observed, HomeFate fate) ->
            templateChanged(observed, fate)
                .or(() -> homeNotReady(observed, fate))
                .or(() -> removeFinalizer(observed));
        case Action.Create(DesiredObject desired) -> create(session, desired, desired.body());
        case Action.CreateSecret(DesiredObject desired, Optional<TurnGrant> turn, Instant now) ->
            createSecret(session, desired, turn, now);
        case Action.CreatePod(DesiredObject desired, int restarts) ->
            create(session, desired, withRestarts(desired.body(), restarts));
        case Action.Update(DesiredObject desired, ObjectMeta current) ->
            (adoptsHome(desired, current) ? sessionChanged(session) : Optional.<ApiFailure>empty())
                .or(() -> update(cacheOf.get(desired.type()), current, desired))
                .flatMap(failure -> withoutOtherRole(desired, current, failure));
        case Action.ApplyShared(SharedObject shared, Optional<ObjectMeta> current) ->
            current.isPresent()
                ? patchShared(current.get(), shared)
                : createShared(session.namespace(), shared);
        case Action.RenewTurn(ObjectMeta secret, TurnGrant turn) ->
            renewTurn(session, secret, turn);
        case Action.AddViewerPassword(ObjectMeta secret, Instant now) ->
            patch(
                caches.secrets(),
                secret,
                MergePatch.forObject(secret)
                    .annotation(Annotations.VIEWER_PASSWORD_SINCE, now.toString())
                    .set("stringData", secrets.viewerPassword()));
        case Action.SetOwner(
                ResourceType<?> type,
                ObjectMeta current,
                VdiSession owner,
                boolean owned) ->
            (owned && type.equals(ResourceType.PERSISTENT_VOLUME_CLAIM)
                    ? sessionChanged(owner)
                    : Optional.<ApiFailure>empty())
                .or(() ->
                    patch(cacheOf.get(type), current, OwnerPatch.of(type, current, owner, owned)));
        case Action.ResizeHome(ObjectMeta home, String size) ->
            patch(
                caches.volumeClaims(),
                home,
                MergePatch.forObject(home).set("spec.resources.requests.storage", size));
        case Action.Delete(ResourceType<?> type, ObjectMeta current) ->
            delete(cacheOf.get(type), current);
        case Action.ReplacePod(ObjectMeta current, String _) -> delete(caches.pods(), current);
        case Action.MovePod(ObjectMeta current, String _) -> delete(caches.pods(), current);
        case Action.AnnounceDrain(ObjectMeta pod, Instant deadline) ->
            patch(
                caches.pods(),
                pod,
                MergePatch.forObject(pod)
                    .annotation(Annotations.DRAIN_DEADLINE, deadline.toString()));
        case Action.CancelDrain(ObjectMeta pod) ->
            patch(
                caches.pods(),
                pod,
                MergePatch.forObject(pod).removeAnnotation(Annotations.DRAIN_DEADLINE));
        case Action.ForceDeletePod(ObjectMeta current, String _) ->
            deleted(caches.pods(), current, api.forceDeletePod(current));
      };
    } catch (SecretGenerator.TurnSecretMissingException e) {
      return Optional.of(e.failure());
    }
  }

  private static ApiFailure notLeading() {
    return new ApiFailure.Transient("NotLeading", "this process is not the leader");
  }

  private Optional<ApiFailure> addFinalizer(VdiSession session) {
    List<String> finalizers = new ArrayList<>(session.metadata().finalizers());
    finalizers.add(VdiSession.FINALIZER);
    return finalizers(session, finalizers);
  }

  private Optional<ApiFailure> removeFinalizer(VdiSession session) {
    List<String> finalizers = new ArrayList<>(session.metadata().finalizers());
    finalizers.remove(VdiSession.FINALIZER);
    Optional<ApiFailure> failure = finalizers(session, finalizers);
    if (failure.isEmpty() && finalizers.isEmpty()) {
      caches.sessions().deleted(session.namespace(), session.name(), session.uid());
    }
    return failure;
  }

  /**
   * Without a reclaim policy of its own, the session has that of its template. Reads the template
   * from the API server, because a cache can be too old, and a home that the garbage collector
   * deletes is lost.
   */
  private Optional<ApiFailure> templateChanged(VdiSession session, HomeFate fate) {
    if (fate == HomeFate.RELEASE || session.spec().persistence().reclaimPolicy() != null) {
      return Optional.empty();
    }
    String name = session.spec().template();
    ApiResult<VdiTemplate> live = api.get(ResourceType.TEMPLATE, "", name);
    if (live.failure().isPresent() && !live.isNotFound()) {
      return live.failure();
    }
    if (HomeFate.of(session, live.ok()) == fate) {
      return Optional.empty();
    }
    live.ok()
        .ifPresentOrElse(
            caches.templates()::created,
            () ->
                caches
                    .templates()
                    .get("", name)
                    .ifPresent(old -> caches.templates().deleted("", name, old.uid())));
    return Optional.of(
        new ApiFailure.Transient("Conflict", "the template has changed in the meantime"));
  }

  /**
   * Reads the home from the API server, because a cache can be too old, and the garbage collector
   * deletes the home immediately after the finalizer is removed.
   */
  private Optional<ApiFailure> homeNotReady(VdiSession session, HomeFate fate) {
    if (fate != HomeFate.RELEASE) {
      return Optional.empty();
    }
    String name = ChildKind.HOME.nameFor(session.name());
    ApiResult<PersistentVolumeClaim> live =
        api.get(ResourceType.PERSISTENT_VOLUME_CLAIM, session.namespace(), name);
    if (!(live instanceof ApiResult.Ok<PersistentVolumeClaim>(PersistentVolumeClaim home))) {
      return live.isNotFound() ? Optional.empty() : live.failure();
    }
    if (!home.metadata().isControlledBy(session.uid()) || home.metadata().isDeleting()) {
      return Optional.empty();
    }
    caches.volumeClaims().created(home);
    return Optional.of(
        new ApiFailure.Transient("Conflict", "the home is not released from the session yet"));
  }

  private static JsonObject withRestarts(JsonObject pod, int restarts) {
    JsonObject body = pod.deepCopy();
    if (restarts > 0) {
      body.getAsJsonObject("metadata")
          .getAsJsonObject("annotations")
          .addProperty(Annotations.RESTARTS, String.valueOf(restarts));
    }
    return body;
  }

  /** Replaces the whole list, so the patch is only valid for the observed resourceVersion. */
  private Optional<ApiFailure> finalizers(VdiSession session, List<String> finalizers) {
    return patch(
        caches.sessions(),
        session.metadata(),
        MergePatch.forVersion(session.metadata()).finalizers(finalizers));
  }

  private Optional<ApiFailure> createSecret(
      VdiSession session, DesiredObject desired, Optional<TurnGrant> turn, Instant now)
      throws SecretGenerator.TurnSecretMissingException {
    JsonObject body = desired.body().deepCopy();
    body.add("stringData", secrets.values(session.uid(), turn));
    JsonObject annotations = body.getAsJsonObject("metadata").getAsJsonObject("annotations");
    annotations.addProperty(Annotations.VIEWER_PASSWORD_SINCE, now.toString());
    turn.ifPresent(
        grant -> annotations.addProperty(Annotations.TURN_EXPIRES, grant.expires().toString()));
    return create(session, desired, body);
  }

  /** Another session may have created it in the meantime. */
  private Optional<ApiFailure> createShared(String namespace, SharedObject shared) {
    ResourceCache<PartialObjectMetadata> cache = caches.ofShared(shared.type());
    ApiResult<PartialObjectMetadata> result = api.create(shared.type(), namespace, shared.body());
    if (result.isNotFound()) {
      return missing(result);
    }
    if (!result.isAlreadyExists()) {
      return finish(cache, ObjectMeta.EMPTY, result);
    }
    ApiResult<PartialObjectMetadata> live = api.get(shared.type(), namespace, shared.name());
    if (!(live instanceof ApiResult.Ok<PartialObjectMetadata>(PartialObjectMetadata existing))) {
      return live.isNotFound() ? Optional.of(deletedMeanwhile(shared.name())) : live.failure();
    }
    if (!existing.metadata().label(Labels.MANAGED_BY).equals(Optional.of(Labels.OPERATOR))) {
      return Optional.of(
          new ApiFailure.Permanent(
              Ownership.FOREIGN_OBJECT, Ownership.refusal(shared.type(), shared.name())));
    }
    cache.created(existing);
    return shared.matches(existing.metadata())
        ? Optional.empty()
        : patchShared(existing.metadata(), shared);
  }

  private Optional<ApiFailure> patchShared(ObjectMeta current, SharedObject shared) {
    return patch(
        caches.ofShared(shared.type()),
        current,
        MergePatch.forObject(current)
            .merge(RouteMetadata.removals(current, shared.body()))
            .merge(shared.body()));
  }

  /** The namespace or the resource type is missing; it may appear again. */
  private static Optional<ApiFailure> missing(ApiResult<?> result) {
    return result
        .failure()
        .map(failure -> new ApiFailure.Transient(failure.reason(), failure.message()));
  }

  private Optional<ApiFailure> create(VdiSession session, DesiredObject desired, JsonObject body) {
    return create(cacheOf.get(desired.type()), session, desired, body);
  }

  private <T extends KubeObject> Optional<ApiFailure> create(
      ResourceCache<T> cache, VdiSession session, DesiredObject desired, JsonObject body) {
    ApiResult<T> result = api.create(cache.resourceType(), session.namespace(), body);
    if (result.isNotFound()) {
      return missing(result);
    }
    if (!result.isAlreadyExists()) {
      return finish(cache, ObjectMeta.EMPTY, result);
    }
    // The cache does not show the object: it is too old, or the object has lost its labels.
    ApiResult<T> live = api.get(cache.resourceType(), session.namespace(), desired.name());
    if (!(live instanceof ApiResult.Ok<T>(T existing))) {
      return live.isNotFound() ? Optional.of(deletedMeanwhile(desired.name())) : live.failure();
    }
    return switch (Ownership.of(cache.resourceType(), existing.metadata(), session)) {
      case FOREIGN ->
          Optional.of(
              new ApiFailure.Permanent(
                  Ownership.FOREIGN_OBJECT,
                  Ownership.refusal(cache.resourceType(), desired.name())));
      case PREVIOUS_SESSION ->
          Optional.of(
              new ApiFailure.Transient(
                  "WaitingForRemoval",
                  cache.resourceType().kind()
                      + " "
                      + desired.name()
                      + " of an earlier session is being deleted"));
      case OURS, OWNERLESS -> {
        cache.created(existing);
        if (desired.kind() == ChildKind.GPU_CLAIM && !desired.matches(existing.metadata())) {
          // The pod of this plan must not get the devices of an earlier spec.
          yield delete(cache, existing.metadata())
              .or(() -> Optional.of(deletedMeanwhile(desired.name())));
        }
        boolean watched =
            existing.metadata().label(Labels.MANAGED_BY).equals(Optional.of(Labels.OPERATOR));
        // A Role must have its rules before it is bound, in the same plan.
        boolean usable = desired.kind() != ChildKind.ROLE || desired.matches(existing.metadata());
        yield watched && usable ? Optional.empty() : update(cache, existing.metadata(), desired);
      }
    };
  }

  private <T extends KubeObject> Optional<ApiFailure> update(
      ResourceCache<T> cache, ObjectMeta current, DesiredObject desired) {
    return patch(
        cache,
        current,
        MergePatch.forObject(current)
            .merge(desired.patch())
            .merge(RouteMetadata.removals(current, desired.body())));
  }

  /**
   * The role of a RoleBinding cannot change: one that names another role is deleted, so that a
   * later plan creates it again.
   */
  private Optional<ApiFailure> withoutOtherRole(
      DesiredObject desired, ObjectMeta current, ApiFailure failure) {
    return desired.kind() == ChildKind.ROLE_BINDING
            && failure instanceof ApiFailure.Permanent
            && failure.reason().equals("Invalid")
        ? delete(caches.roleBindings(), current)
        : Optional.of(failure);
  }

  private static boolean adoptsHome(DesiredObject desired, ObjectMeta current) {
    return desired.kind() == ChildKind.HOME
        && current.controller().isEmpty()
        && desired.body().getAsJsonObject("metadata").has("ownerReferences");
  }

  /**
   * Reads the session from the API server before it gets a home: the garbage collector deletes a
   * home whose owner does not exist, and a cache can be so old that it shows a deleted session, or
   * one that must release its home.
   */
  private Optional<ApiFailure> sessionChanged(VdiSession session) {
    ApiResult<VdiSession> live = api.get(ResourceType.SESSION, session.namespace(), session.name());
    if (live.failure().isPresent() && !live.isNotFound()) {
      return live.failure();
    }
    if (live.ok()
        .filter(now ->
            now.uid().equals(session.uid())
                && now.metadata().isDeleting() == session.metadata().isDeleting()
                && now.metadata().generation() == session.metadata().generation())
        .isPresent()) {
      return Optional.empty();
    }
    live.ok()
        .ifPresentOrElse(
            caches.sessions()::created,
            () -> caches.sessions().deleted(session.namespace(), session.name(), session.uid()));
    return Optional.of(
        new ApiFailure.Transient("Conflict", "the session has changed in the meantime"));
  }

  private <T extends KubeObject> Optional<ApiFailure> patch(
      ResourceCache<T> cache, ObjectMeta current, MergePatch patch) {
    return finish(
        cache,
        current,
        api.mergePatch(cache.resourceType(), current.namespace(), current.name(), patch.toJson()));
  }

  private Optional<ApiFailure> renewTurn(VdiSession session, ObjectMeta secret, TurnGrant turn)
      throws SecretGenerator.TurnSecretMissingException {
    return patch(
        caches.secrets(),
        secret,
        MergePatch.forObject(secret)
            .annotation(Annotations.TURN_EXPIRES, turn.expires().toString())
            .set("stringData", SecretGenerator.turnCredentials(session.uid(), turn)));
  }

  private <T extends KubeObject> Optional<ApiFailure> delete(
      ResourceCache<T> cache, ObjectMeta current) {
    return deleted(
        cache,
        current,
        api.delete(cache.resourceType(), current.namespace(), current.name(), current.uid()));
  }

  private static <T extends KubeObject> Optional<ApiFailure> deleted(
      ResourceCache<T> cache, ObjectMeta current, ApiResult<T> result) {
    if (result instanceof ApiResult.Ok<T>(T remaining) && remaining.metadata().isDeleting()) {
      cache.changed(remaining);
      return Optional.empty();
    }
    // Not found, or a conflict because the name has another object now: this object is deleted.
    if (result.ok().isPresent() || result.isNotFound() || result.isConflict()) {
      cache.deleted(current.namespace(), current.name(), current.uid());
      return Optional.empty();
    }
    return result.failure();
  }

  private <T extends KubeObject> Optional<ApiFailure> finish(
      ResourceCache<T> cache, ObjectMeta observed, ApiResult<T> result) {
    result.ok().ifPresent(observed.uid().isEmpty() ? cache::created : cache::changed);
    if (result.isNotFound() && !observed.uid().isEmpty()) {
      // Another client deleted it: the next plan must not see it.
      cache.deleted(observed.namespace(), observed.name(), observed.uid());
      return Optional.of(deletedMeanwhile(observed.name()));
    }
    if (result.isConflict() && !observed.uid().isEmpty()) {
      refresh(cache, observed);
    }
    return result.failure();
  }

  private static ApiFailure deletedMeanwhile(String name) {
    return new ApiFailure.Transient("Gone", name + " was deleted in the meantime");
  }

  /** After a conflict: the cache shows the live object, so that the next pass can succeed. */
  private <T extends KubeObject> void refresh(ResourceCache<T> cache, ObjectMeta observed) {
    ApiResult<T> live = api.get(cache.resourceType(), observed.namespace(), observed.name());
    live.ok().ifPresent(cache::changed);
    if (live.isNotFound()) {
      cache.deleted(observed.namespace(), observed.name(), observed.uid());
    }
  }

  /**
   * Writes a status, unless the spec of the session has changed since the status was computed, or
   * the session is changed at the same time.
   *
   * @return the failure, if any
   */
  public Optional<ApiFailure> writeStatus(VdiSession session, VdiSession.Status status) {
    if (!mayWrite.getAsBoolean()) {
      return Optional.of(notLeading());
    }
    VdiSession current =
        caches
            .sessions()
            .get(session.namespace(), session.name())
            .filter(latest -> latest.uid().equals(session.uid()))
            .orElse(session);
    if (current.metadata().generation() != status.observedGeneration()) {
      return Optional.of(
          new ApiFailure.Transient("Conflict", "the spec has changed in the meantime"));
    }
    return finish(
        caches.sessions(),
        session.metadata(),
        api.mergePatchStatus(
            ResourceType.SESSION,
            session.namespace(),
            session.name(),
            MergePatch.forVersion(current.metadata())
                .set("status", StatusPatch.of(status))
                .toJson()));
  }
}
