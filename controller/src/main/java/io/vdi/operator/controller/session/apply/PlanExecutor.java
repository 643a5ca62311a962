package io.vdi.operator.controller.session.apply;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.controller.session.plan.Action;
import io.vdi.operator.controller.session.plan.Ownership;
import io.vdi.operator.controller.session.resources.DesiredObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/**
 * Carries out the stages of a plan: one after the other, the actions of a stage all at once. What
 * the API server returns is shown in the caches at once. Every write is safe to repeat, and safe to
 * die after: creations by their names, changes and deletions by the UID of what was seen.
 */
public final class PlanExecutor {
  private final KubeClient api;
  private final ControllerCaches caches;
  private final SecretGenerator secrets;
  private final BooleanSupplier mayWrite;
  private final ExecutorService parallel = Executors.newVirtualThreadPerTaskExecutor();

  /** How it went; after a failure the stages that follow have not been begun. */
  public sealed interface ExecutionResult {
    record Done() implements ExecutionResult {}

    record Failed(ApiFailure why) implements ExecutionResult {}
  }

  /**
   * @param mayWrite asked before each write: whether this process still is the leader
   */
  public PlanExecutor(
      KubeClient api, ControllerCaches caches, SecretGenerator secrets, BooleanSupplier mayWrite) {
    this.api = api;
    this.caches = caches;
    this.secrets = secrets;
    this.mayWrite = mayWrite;
  }

  /**
   * @param turn where the session is to have TURN credentials
   */
  public ExecutionResult execute(
      VdiSession session, List<List<Action>> stages, Optional<SecretGenerator.TurnGrant> turn) {
    for (List<Action> stage : stages) {
      Optional<ApiFailure> failure = stage(session, stage, turn);
      if (failure.isPresent()) {
        return new ExecutionResult.Failed(failure.get());
      }
    }
    return new ExecutionResult.Done();
  }

  private Optional<ApiFailure> stage(
      VdiSession session, List<Action> actions, Optional<SecretGenerator.TurnGrant> turn) {
    if (actions.size() == 1) {
      return carryOut(session, actions.getFirst(), turn);
    }
    List<Future<Optional<ApiFailure>>> running = new ArrayList<>();
    for (Action action : actions) {
      running.add(parallel.submit(() -> carryOut(session, action, turn)));
    }
    List<ApiFailure> failures = new ArrayList<>();
    for (Future<Optional<ApiFailure>> one : running) {
      try {
        one.get().ifPresent(failures::add);
      } catch (ExecutionException e) {
        throw new IllegalStateException("an action failed unexpectedly", e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Optional.of(new ApiFailure.Transient("Interrupted", "stopping"));
      }
    }
    // What will not pass by itself is what the user has to hear of.
    return failures.stream()
        .filter(ApiFailure.Permanent.class::isInstance)
        .findFirst()
        .or(() -> failures.stream().findFirst());
  }

  private Optional<ApiFailure> carryOut(
      VdiSession session, Action action, Optional<SecretGenerator.TurnGrant> turn) {
    if (!mayWrite.getAsBoolean()) {
      return Optional.of(new ApiFailure.Transient("NotLeading", "this process is not the leader"));
    }
    return switch (action) {
      case Action.AddFinalizer(VdiSession seen) -> addFinalizer(seen);
      case Action.RemoveFinalizer(VdiSession seen) -> removeFinalizer(seen);
      case Action.Create(DesiredObject desired) -> create(session, desired, turn);
      case Action.Update(DesiredObject desired, ObjectMeta current) ->
          update(session, desired.kind(), desired.patch(), current);
      case Action.RenewTurn(ObjectMeta secret, Instant expires) -> renewTurn(session, secret, turn);
      case Action.Delete(ResourceType<?> kind, ObjectMeta current) -> delete(kind, current);
    };
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

  /** The whole list is replaced, so it must be the list of exactly the version that was seen. */
  private Optional<ApiFailure> finalizers(VdiSession session, List<String> finalizers) {
    JsonArray list = new JsonArray();
    finalizers.forEach(list::add);
    JsonObject metadata = new JsonObject();
    metadata.addProperty("resourceVersion", session.metadata().resourceVersion());
    metadata.add("finalizers", list);
    JsonObject patch = new JsonObject();
    patch.add("metadata", metadata);
    return finish(
        caches.sessions(),
        session.metadata(),
        api.mergePatch(ResourceType.SESSION, session.namespace(), session.name(), patch));
  }

  private Optional<ApiFailure> create(
      VdiSession session, DesiredObject desired, Optional<SecretGenerator.TurnGrant> turn) {
    JsonObject body = desired.body();
    if (desired.kind().equals(ResourceType.SECRET)) {
      try {
        body = body.deepCopy();
        body.add("stringData", SecretGenerator.values(secrets, turn, session.uid()));
        if (turn.isPresent()) {
          body.getAsJsonObject("metadata")
              .getAsJsonObject("annotations")
              .addProperty(Annotations.TURN_EXPIRES, turn.get().expires().toString());
        }
      } catch (SecretGenerator.TurnSecretMissingException e) {
        return Optional.of(e.failure());
      }
    }
    return create(caches.of(desired.kind()), session, desired, body);
  }

  private <T extends KubeObject> Optional<ApiFailure> create(
      ResourceCache<T> cache, VdiSession session, DesiredObject desired, JsonObject body) {
    ApiResult<T> result = api.create(cache.resourceType(), session.namespace(), body);
    if (!result.isAlreadyExists()) {
      return finish(cache, ObjectMeta.EMPTY, result);
    }
    // The cache did not show it: too old, or somebody took our label off. Only a live look tells.
    ApiResult<T> live = api.get(cache.resourceType(), session.namespace(), desired.name());
    if (!(live instanceof ApiResult.Ok<T>(T existing))) {
      return live.isNotFound()
          ? Optional.of(new ApiFailure.Transient("Gone", desired.name() + " has just gone"))
          : live.failure();
    }
    return switch (Ownership.of(cache.resourceType(), existing.metadata(), session)) {
      case FOREIGN ->
          Optional.of(
              new ApiFailure.Permanent(
                  "ForeignObject", Ownership.refusal(cache.resourceType(), desired.name())));
      case PREVIOUS_SESSION ->
          Optional.of(
              new ApiFailure.Transient(
                  "WaitingForRemoval",
                  cache.resourceType().kind()
                      + " "
                      + desired.name()
                      + " of a former session is going"));
      case OURS -> {
        cache.created(existing);
        boolean shown =
            existing.metadata().label(Labels.MANAGED_BY).equals(Optional.of(Labels.OPERATOR));
        yield shown
            ? Optional.empty()
            : update(session, cache.resourceType(), desired.patch(), existing.metadata());
      }
    };
  }

  private Optional<ApiFailure> update(
      VdiSession session, ResourceType<?> kind, JsonObject patch, ObjectMeta current) {
    JsonObject safe = patch.deepCopy();
    // The API server refuses the patch where the object is no longer the one that was seen.
    safe.getAsJsonObject("metadata").addProperty("uid", current.uid());
    return patch(caches.of(kind), session, safe, current);
  }

  private <T extends KubeObject> Optional<ApiFailure> patch(
      ResourceCache<T> cache, VdiSession session, JsonObject patch, ObjectMeta current) {
    return finish(
        cache,
        current,
        api.mergePatch(cache.resourceType(), session.namespace(), current.name(), patch));
  }

  private Optional<ApiFailure> renewTurn(
      VdiSession session, ObjectMeta secret, Optional<SecretGenerator.TurnGrant> turn) {
    if (turn.isEmpty()) {
      return Optional.empty();
    }
    try {
      JsonObject patch = new JsonObject();
      JsonObject annotations = new JsonObject();
      annotations.addProperty(Annotations.TURN_EXPIRES, turn.get().expires().toString());
      JsonObject metadata = new JsonObject();
      metadata.add("annotations", annotations);
      patch.add("metadata", metadata);
      patch.add(
          "stringData",
          SecretGenerator.turn(turn.get().secretFile(), session.uid(), turn.get().expires()));
      return update(session, ResourceType.SECRET, patch, secret);
    } catch (SecretGenerator.TurnSecretMissingException e) {
      return Optional.of(e.failure());
    }
  }

  private Optional<ApiFailure> delete(ResourceType<?> kind, ObjectMeta current) {
    return delete(caches.of(kind), current);
  }

  private <T extends KubeObject> Optional<ApiFailure> delete(
      ResourceCache<T> cache, ObjectMeta current) {
    ApiResult<T> result =
        api.delete(cache.resourceType(), current.namespace(), current.name(), current.uid());
    if (result instanceof ApiResult.Ok<T>(T left) && left.metadata().isDeleting()) {
      cache.changed(left);
      return Optional.empty();
    }
    // Not found, or another object of that name by now: the one that was meant is gone.
    if (result.ok().isPresent() || result.isNotFound() || result.isConflict()) {
      cache.deleted(current.namespace(), current.name(), current.uid());
      return Optional.empty();
    }
    return result.failure();
  }

  private <T extends KubeObject> Optional<ApiFailure> finish(
      ResourceCache<T> cache, ObjectMeta seen, ApiResult<T> result) {
    result.ok().ifPresent(seen.uid().isEmpty() ? cache::created : cache::changed);
    if (result.isNotFound() && !seen.uid().isEmpty()) {
      // Gone behind our back: show it as gone, and plan anew.
      cache.deleted(seen.namespace(), seen.name(), seen.uid());
      return Optional.of(new ApiFailure.Transient("Gone", seen.name() + " has gone"));
    }
    if (result.isConflict() && !seen.uid().isEmpty()) {
      refresh(cache, seen);
    }
    return result.failure();
  }

  /**
   * Our view was too old: the live object stands in front of the cache, so that the next try can
   * succeed.
   */
  private <T extends KubeObject> void refresh(ResourceCache<T> cache, ObjectMeta seen) {
    ApiResult<T> live = api.get(cache.resourceType(), seen.namespace(), seen.name());
    live.ok().ifPresent(cache::changed);
    if (live.isNotFound()) {
      cache.deleted(seen.namespace(), seen.name(), seen.uid());
    }
  }

  /**
   * Writes a status, unless the session's spec has changed since it was made or somebody writes at
   * the same time.
   *
   * @return why not, if not
   */
  public Optional<ApiFailure> writeStatus(VdiSession session, VdiSession.Status status) {
    if (!mayWrite.getAsBoolean()) {
      return Optional.of(new ApiFailure.Transient("NotLeading", "this process is not the leader"));
    }
    VdiSession current = caches.sessions().get(session.namespace(), session.name()).orElse(session);
    if (current.metadata().generation() != status.observedGeneration()) {
      return Optional.of(new ApiFailure.Transient("Conflict", "the spec has changed meanwhile"));
    }
    JsonObject metadata = new JsonObject();
    metadata.addProperty("resourceVersion", current.metadata().resourceVersion());
    JsonObject patch = new JsonObject();
    patch.add("metadata", metadata);
    patch.add("status", StatusPatch.of(status));
    return finish(
        caches.sessions(),
        session.metadata(),
        api.mergePatchStatus(ResourceType.SESSION, session.namespace(), session.name(), patch));
  }
}
