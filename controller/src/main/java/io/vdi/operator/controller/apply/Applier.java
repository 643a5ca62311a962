package io.vdi.operator.controller.apply;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.Failure;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Meta;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.Resource;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.Caches;
import io.vdi.operator.controller.objects.Desired;
import io.vdi.operator.controller.plan.Action;
import io.vdi.operator.controller.plan.Ownership;
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
public final class Applier {
  private final KubeApi api;
  private final Caches caches;
  private final Secrets secrets;
  private final BooleanSupplier mayWrite;
  private final ExecutorService parallel = Executors.newVirtualThreadPerTaskExecutor();

  /** How it went; after a failure the stages that follow have not been begun. */
  public sealed interface Outcome {
    record Done() implements Outcome {}

    record NotDone(Failure why) implements Outcome {}
  }

  /**
   * @param mayWrite asked before each write: whether this process still is the leader
   */
  public Applier(KubeApi api, Caches caches, Secrets secrets, BooleanSupplier mayWrite) {
    this.api = api;
    this.caches = caches;
    this.secrets = secrets;
    this.mayWrite = mayWrite;
  }

  /**
   * @param turn where the session is to have TURN credentials
   */
  public Outcome apply(
      VdiSession session, List<List<Action>> stages, Optional<Secrets.TurnGrant> turn) {
    for (List<Action> stage : stages) {
      Optional<Failure> failure = stage(session, stage, turn);
      if (failure.isPresent()) {
        return new Outcome.NotDone(failure.get());
      }
    }
    return new Outcome.Done();
  }

  private Optional<Failure> stage(
      VdiSession session, List<Action> actions, Optional<Secrets.TurnGrant> turn) {
    if (actions.size() == 1) {
      return carryOut(session, actions.getFirst(), turn);
    }
    List<Future<Optional<Failure>>> running = new ArrayList<>();
    for (Action action : actions) {
      running.add(parallel.submit(() -> carryOut(session, action, turn)));
    }
    List<Failure> failures = new ArrayList<>();
    for (Future<Optional<Failure>> one : running) {
      try {
        one.get().ifPresent(failures::add);
      } catch (ExecutionException e) {
        throw new IllegalStateException("an action failed unexpectedly", e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Optional.of(new Failure.Transient("Interrupted", "stopping"));
      }
    }
    // What will not pass by itself is what the user has to hear of.
    return failures.stream()
        .filter(Failure.Permanent.class::isInstance)
        .findFirst()
        .or(() -> failures.stream().findFirst());
  }

  private Optional<Failure> carryOut(
      VdiSession session, Action action, Optional<Secrets.TurnGrant> turn) {
    if (!mayWrite.getAsBoolean()) {
      return Optional.of(new Failure.Transient("NotLeading", "this process is not the leader"));
    }
    return switch (action) {
      case Action.AddFinalizer(VdiSession seen) -> addFinalizer(seen);
      case Action.RemoveFinalizer(VdiSession seen) -> removeFinalizer(seen);
      case Action.Create(Desired desired) -> create(session, desired, turn);
      case Action.Update(Desired desired, Meta current) ->
          update(session, desired.kind(), desired.patch(), current);
      case Action.RenewTurn(Meta secret, Instant expires) -> renewTurn(session, secret, turn);
      case Action.Delete(Kind<?> kind, Meta current) -> delete(kind, current);
    };
  }

  private Optional<Failure> addFinalizer(VdiSession session) {
    List<String> finalizers = new ArrayList<>(session.metadata().finalizers());
    finalizers.add(VdiSession.FINALIZER);
    return finalizers(session, finalizers);
  }

  private Optional<Failure> removeFinalizer(VdiSession session) {
    List<String> finalizers = new ArrayList<>(session.metadata().finalizers());
    finalizers.remove(VdiSession.FINALIZER);
    Optional<Failure> failure = finalizers(session, finalizers);
    if (failure.isEmpty() && finalizers.isEmpty()) {
      caches.sessions().deleted(session.namespace(), session.name(), session.uid());
    }
    return failure;
  }

  /** The whole list is replaced, so it must be the list of exactly the version that was seen. */
  private Optional<Failure> finalizers(VdiSession session, List<String> finalizers) {
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
        api.mergePatch(Kind.SESSION, session.namespace(), session.name(), patch));
  }

  private Optional<Failure> create(
      VdiSession session, Desired desired, Optional<Secrets.TurnGrant> turn) {
    JsonObject body = desired.body();
    if (desired.kind().equals(Kind.SECRET)) {
      try {
        body = body.deepCopy();
        body.add("stringData", Secrets.values(secrets, turn, session.uid()));
        if (turn.isPresent()) {
          body.getAsJsonObject("metadata")
              .getAsJsonObject("annotations")
              .addProperty(Names.TURN_EXPIRES, turn.get().expires().toString());
        }
      } catch (Secrets.TurnSecretMissing e) {
        return Optional.of(e.failure());
      }
    }
    return create(caches.of(desired.kind()), session, desired, body);
  }

  private <T extends Resource> Optional<Failure> create(
      ResourceCache<T> cache, VdiSession session, Desired desired, JsonObject body) {
    ApiResult<T> result = api.create(cache.kind(), session.namespace(), body);
    if (!result.alreadyExists()) {
      return finish(cache, Meta.EMPTY, result);
    }
    // The cache did not show it: too old, or somebody took our label off. Only a live look tells.
    ApiResult<T> live = api.get(cache.kind(), session.namespace(), desired.name());
    if (!(live instanceof ApiResult.Ok<T>(T existing))) {
      return live.isNotFound()
          ? Optional.of(new Failure.Transient("Gone", desired.name() + " has just gone"))
          : live.failure();
    }
    return switch (Ownership.of(cache.kind(), existing.metadata(), session)) {
      case FOREIGN ->
          Optional.of(
              new Failure.Permanent(
                  "ForeignObject", Ownership.refusal(cache.kind(), desired.name())));
      case FORMER ->
          Optional.of(
              new Failure.Transient(
                  "WaitingForRemoval",
                  cache.kind().name() + " " + desired.name() + " of a former session is going"));
      case OURS -> {
        cache.created(existing);
        boolean shown =
            existing.metadata().label(Names.MANAGED_BY).equals(Optional.of(Names.OPERATOR));
        yield shown
            ? Optional.empty()
            : update(session, cache.kind(), desired.patch(), existing.metadata());
      }
    };
  }

  private Optional<Failure> update(
      VdiSession session, Kind<?> kind, JsonObject patch, Meta current) {
    JsonObject safe = patch.deepCopy();
    // The API server refuses the patch where the object is no longer the one that was seen.
    safe.getAsJsonObject("metadata").addProperty("uid", current.uid());
    return patch(caches.of(kind), session, safe, current);
  }

  private <T extends Resource> Optional<Failure> patch(
      ResourceCache<T> cache, VdiSession session, JsonObject patch, Meta current) {
    return finish(
        cache, current, api.mergePatch(cache.kind(), session.namespace(), current.name(), patch));
  }

  private Optional<Failure> renewTurn(
      VdiSession session, Meta secret, Optional<Secrets.TurnGrant> turn) {
    if (turn.isEmpty()) {
      return Optional.empty();
    }
    try {
      JsonObject patch = new JsonObject();
      JsonObject annotations = new JsonObject();
      annotations.addProperty(Names.TURN_EXPIRES, turn.get().expires().toString());
      JsonObject metadata = new JsonObject();
      metadata.add("annotations", annotations);
      patch.add("metadata", metadata);
      patch.add(
          "stringData", Secrets.turn(turn.get().secretFile(), session.uid(), turn.get().expires()));
      return update(session, Kind.SECRET, patch, secret);
    } catch (Secrets.TurnSecretMissing e) {
      return Optional.of(e.failure());
    }
  }

  private Optional<Failure> delete(Kind<?> kind, Meta current) {
    return delete(caches.of(kind), current);
  }

  private <T extends Resource> Optional<Failure> delete(ResourceCache<T> cache, Meta current) {
    ApiResult<T> result =
        api.delete(cache.kind(), current.namespace(), current.name(), current.uid());
    if (result instanceof ApiResult.Ok<T>(T left) && left.metadata().deleting()) {
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

  private <T extends Resource> Optional<Failure> finish(
      ResourceCache<T> cache, Meta seen, ApiResult<T> result) {
    result.ok().ifPresent(seen.uid().isEmpty() ? cache::created : cache::changed);
    if (result.isNotFound() && !seen.uid().isEmpty()) {
      // Gone behind our back: show it as gone, and plan anew.
      cache.deleted(seen.namespace(), seen.name(), seen.uid());
      return Optional.of(new Failure.Transient("Gone", seen.name() + " has gone"));
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
  private <T extends Resource> void refresh(ResourceCache<T> cache, Meta seen) {
    ApiResult<T> live = api.get(cache.kind(), seen.namespace(), seen.name());
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
  public Optional<Failure> writeStatus(VdiSession session, VdiSession.Status status) {
    if (!mayWrite.getAsBoolean()) {
      return Optional.of(new Failure.Transient("NotLeading", "this process is not the leader"));
    }
    VdiSession current = caches.sessions().get(session.namespace(), session.name()).orElse(session);
    if (current.metadata().generation() != status.observedGeneration()) {
      return Optional.of(new Failure.Transient("Conflict", "the spec has changed meanwhile"));
    }
    JsonObject metadata = new JsonObject();
    metadata.addProperty("resourceVersion", current.metadata().resourceVersion());
    JsonObject patch = new JsonObject();
    patch.add("metadata", metadata);
    patch.add("status", StatusJson.of(status));
    return finish(
        caches.sessions(),
        session.metadata(),
        api.mergePatchStatus(Kind.SESSION, session.namespace(), session.name(), patch));
  }
}
