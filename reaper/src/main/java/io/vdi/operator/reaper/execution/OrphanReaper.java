package io.vdi.operator.reaper.execution;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.policy.ChildVerdict;
import io.vdi.operator.reaper.policy.HomeVerdict;
import io.vdi.operator.reaper.policy.ManagedObject;
import io.vdi.operator.reaper.policy.ManagedObjects;
import io.vdi.operator.reaper.policy.ReapPolicy;
import io.vdi.operator.reaper.policy.ReapReason;
import io.vdi.operator.reaper.policy.RetentionConfig;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles one object that {@link OrphanScan} found: a child whose session does not exist, or a
 * retained home. It reads the object and its session from the API server and decides on these; it
 * uses no cache.
 */
public final class OrphanReaper {
  private static final Logger LOG = LoggerFactory.getLogger(OrphanReaper.class);

  /** When to decide again on a home that a pod uses, or on an object in a dry run. */
  private static final Duration RECHECK_INTERVAL = Duration.ofMinutes(1);

  private final KubeClient api;
  private final Deleter deleter;
  private final Supplier<RetentionConfig> retention;
  private final Supplier<DeletionConfig> limits;
  private final ReaperReport report;
  private final ReapListener listener;
  private final InstantSource clock;
  private final FirstObserved orphaned = new FirstObserved();
  private final Map<ObjectKey, String> uids = new ConcurrentHashMap<>();
  private final Map<String, Instant> loggedDue = new ConcurrentHashMap<>();

  public OrphanReaper(
      KubeClient api,
      Deleter deleter,
      Supplier<RetentionConfig> retention,
      Supplier<DeletionConfig> limits,
      ReaperReport report,
      ReapListener listener,
      InstantSource clock) {
    this.api = api;
    this.deleter = deleter;
    this.retention = retention;
    this.limits = limits;
    this.report = report;
    this.listener = listener;
    this.clock = clock;
  }

  /** An object and when it is, or was, due for deletion. */
  private record PendingDeletion(
      ObjectKey key, ObjectMeta metadata, Category category, Instant due, String message) {}

  /** What the report calls the object, and what the metrics call its deletion. */
  private enum Category {
    ORPHAN(ReapReason.ORPHAN, ReportEntry.State.ORPHAN, "orphan"),
    HOME(ReapReason.HOME_RETENTION, ReportEntry.State.HOME, "retained");

    private final ReapReason reason;
    private final ReportEntry.State state;
    private final String text;

    Category(ReapReason reason, ReportEntry.State state, String text) {
      this.reason = reason;
      this.state = state;
      this.text = text;
    }
  }

  /** Decides on the object, carries the verdict out, and returns when to decide again. */
  public ReconcileResult reconcile(ObjectKey key) {
    if (!deleter.mayWrite()) {
      return new ReconcileResult.Done();
    }
    ApiResult<PartialObjectMetadata> live = api.get(key.type(), key.namespace(), key.name());
    if (live.ok().isEmpty() && !live.isNotFound()) {
      return retry(live);
    }
    forgetPrevious(key, live.ok().map(PartialObjectMetadata::uid).orElse(""));
    Optional<ManagedObject> managed =
        live.ok().flatMap(object -> ManagedObjects.identify(key.type(), object.metadata()));
    if (managed.isEmpty()) {
      return forget(key);
    }
    ApiResult<VdiSession> session =
        api.get(ResourceType.SESSION, key.namespace(), managed.get().session());
    if (session.ok().isEmpty() && !session.isNotFound()) {
      return retry(session);
    }
    Instant now = clock.instant();
    return switch (managed.get()) {
      case ManagedObject.Child child -> reconcileChild(key, child, session.ok(), now);
      case ManagedObject.Home home -> reconcileHome(key, home, session.ok(), now);
    };
  }

  private ReconcileResult reconcileChild(
      ObjectKey key, ManagedObject.Child child, Optional<VdiSession> session, Instant now) {
    ObjectMeta object = child.metadata();
    Instant since = orphaned.observe(object.uid(), now);
    return switch (ReapPolicy.decide(child, session, since, now, retention.get())) {
      case ChildVerdict.Ignore() -> forget(key);
      case ChildVerdict.Wait(Instant due) -> {
        put(new PendingDeletion(key, object, Category.ORPHAN, due, "its session is gone"));
        yield new ReconcileResult.RequeueAfter(Duration.between(now, due));
      }
      case ChildVerdict.Delete(Instant due, String message) ->
          delete(new PendingDeletion(key, object, Category.ORPHAN, due, message));
    };
  }

  private ReconcileResult reconcileHome(
      ObjectKey key, ManagedObject.Home home, Optional<VdiSession> session, Instant now) {
    ObjectMeta object = home.metadata();
    return switch (ReapPolicy.decide(home, session, now, retention.get())) {
      case HomeVerdict.Ignore() -> forget(key);
      case HomeVerdict.MarkReleased(Instant since) ->
          patchHome(
              key,
              object,
              MergePatch.forVersion(object)
                  .annotation(
                      Annotations.RELEASED_AT, since.truncatedTo(ChronoUnit.SECONDS).toString()),
              "no session uses this home any more");
      case HomeVerdict.ClearReleased() ->
          patchHome(
              key,
              object,
              MergePatch.forVersion(object).removeAnnotation(Annotations.RELEASED_AT),
              "a session uses this home again");
      case HomeVerdict.Retain(Instant due) -> {
        put(new PendingDeletion(key, object, Category.HOME, due, "retained"));
        yield new ReconcileResult.RequeueAfter(Duration.between(now, due));
      }
      case HomeVerdict.RetainForever() -> {
        put(key, object, Category.HOME, Optional.empty(), "kept for ever");
        yield new ReconcileResult.Done();
      }
      case HomeVerdict.Delete(Instant due, String message) ->
          delete(new PendingDeletion(key, object, Category.HOME, due, message));
    };
  }

  private ReconcileResult delete(PendingDeletion deletion) {
    put(deletion);
    ObjectKey key = deletion.key();
    ReapReason reason = deletion.category().reason;
    DeletionConfig config = limits.get();
    if (config.dryRun()) {
      if (!deletion.due().equals(loggedDue.put(deletion.metadata().uid(), deletion.due()))) {
        LOG.info("{}: (dry run) would be deleted: {}", key, deletion.message());
        listener.wouldReap(reason);
      }
      return new ReconcileResult.RequeueAfter(RECHECK_INTERVAL);
    }
    if (key.type().isSameResource(ResourceType.PERSISTENT_VOLUME_CLAIM)) {
      ApiResult<JsonObject> pods = api.request("GET", ResourceType.POD.path(key.namespace()), null);
      if (pods.ok().isEmpty()) {
        return retry(pods);
      }
      Optional<String> pod = podThatMounts(key.name(), pods.ok().get());
      if (pod.isPresent()) {
        put(
            new PendingDeletion(
                key,
                deletion.metadata(),
                deletion.category(),
                deletion.due(),
                "pod " + pod.get() + " uses it"));
        return new ReconcileResult.RequeueAfter(RECHECK_INTERVAL);
      }
    }
    return switch (deleter.delete(key.type(), deletion.metadata(), config.maxPerMinute())) {
      case Deleter.Outcome.Deleted<PartialObjectMetadata> _ -> {
        listener.reaped(reason, deletion.due());
        LOG.info("{}: deleted ({}): {}", key, reason.text(), deletion.message());
        yield forget(key);
      }
      case Deleter.Outcome.RateLimited<PartialObjectMetadata>(Duration delay) ->
          new ReconcileResult.RequeueAfter(delay);
      case Deleter.Outcome.NotLeader<PartialObjectMetadata>() -> new ReconcileResult.Done();
      case Deleter.Outcome.Failed<PartialObjectMetadata>(ApiResult<PartialObjectMetadata> result) ->
          result.isNotFound() ? forget(key) : requeue(result);
    };
  }

  /** A pod that has not ended and mounts the claim. */
  private static Optional<String> podThatMounts(String claim, JsonObject pods) {
    return pods.getAsJsonArray("items").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .filter(pod -> mounts(pod, claim) && !hasEnded(pod))
        .map(pod -> pod.getAsJsonObject("metadata").get("name").getAsString())
        .findFirst();
  }

  private static boolean mounts(JsonObject pod, String claim) {
    JsonObject spec = pod.getAsJsonObject("spec");
    return spec.has("volumes")
        && StreamSupport.stream(spec.getAsJsonArray("volumes").spliterator(), false)
            .map(volume -> volume.getAsJsonObject().getAsJsonObject("persistentVolumeClaim"))
            .anyMatch(
                source -> source != null && source.get("claimName").getAsString().equals(claim));
  }

  private static boolean hasEnded(JsonObject pod) {
    JsonObject status = pod.getAsJsonObject("status");
    String phase = status != null && status.has("phase") ? status.get("phase").getAsString() : "";
    return phase.equals("Succeeded") || phase.equals("Failed");
  }

  /**
   * Changes the release time, which is stored on the claim itself so that the retention period
   * survives a restart of the reaper.
   */
  private ReconcileResult patchHome(
      ObjectKey key, ObjectMeta object, MergePatch patch, String message) {
    if (limits.get().dryRun()) {
      put(key, object, Category.HOME, Optional.empty(), message);
      return new ReconcileResult.Done();
    }
    ApiResult<PartialObjectMetadata> result =
        api.mergePatch(key.type(), key.namespace(), key.name(), patch.toJson());
    if (result.ok().isPresent()) {
      LOG.info("{}: {}", key, message);
      return new ReconcileResult.RequeueAfter(Duration.ZERO);
    }
    return requeue(result);
  }

  private void put(PendingDeletion deletion) {
    put(
        deletion.key(),
        deletion.metadata(),
        deletion.category(),
        Optional.of(deletion.due()),
        deletion.message());
  }

  private void put(
      ObjectKey key, ObjectMeta object, Category category, Optional<Instant> due, String message) {
    report.put(
        object.uid(),
        new ReportEntry(
            category.state,
            key.type().kind(),
            key.namespace(),
            key.name(),
            due,
            category.text,
            message));
  }

  /** Immediately after a conflict: the object has changed, and the decision must be made again. */
  private static ReconcileResult requeue(ApiResult<?> result) {
    return result.isConflict() ? new ReconcileResult.RequeueAfter(Duration.ZERO) : retry(result);
  }

  private static ReconcileResult retry(ApiResult<?> result) {
    return new ReconcileResult.Retry(
        result.failure().map(ApiFailure::message).orElse("no response"));
  }

  /** A recreated object has another UID and starts without a history. */
  private void forgetPrevious(ObjectKey key, String uid) {
    String previous = uids.put(key, uid);
    if (previous != null && !previous.equals(uid)) {
      forget(previous);
    }
  }

  private ReconcileResult forget(ObjectKey key) {
    String uid = uids.remove(key);
    if (uid != null) {
      forget(uid);
    }
    return new ReconcileResult.Done();
  }

  private void forget(String uid) {
    orphaned.forget(uid);
    loggedDue.remove(uid);
    report.remove(uid);
  }
}
