package io.vdi.operator.reaper.execution;

import com.google.gson.JsonArray;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.policy.ReapReason;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Deletes objects and changes sessions, only while this replica is the leader, and only the exact
 * version that the decision was made on. Deletions are limited to a rate.
 */
public final class Deleter {
  private final KubeClient api;
  private final BooleanSupplier mayWrite;
  private final DeletionRateLimiter limiter;

  /** The outcome of one deletion. */
  sealed interface Outcome<T> {
    /**
     * The API server accepted the deletion.
     *
     * @param remaining has a deletion timestamp while a finalizer holds the object
     */
    record Deleted<T>(T remaining) implements Outcome<T> {}

    /** Not attempted: the next deletion is allowed after this time. */
    record RateLimited<T>(Duration delay) implements Outcome<T> {}

    /** Not attempted: this replica is not the leader any more. */
    record NotLeader<T>() implements Outcome<T> {}

    /** The API server refused the deletion, or did not answer. */
    record Failed<T>(ApiResult<T> result) implements Outcome<T> {}
  }

  /**
   * @param mayWrite whether this replica may write; asked before each write
   */
  public Deleter(KubeClient api, BooleanSupplier mayWrite, DeletionRateLimiter limiter) {
    this.api = api;
    this.mayWrite = mayWrite;
    this.limiter = limiter;
  }

  boolean mayWrite() {
    return mayWrite.getAsBoolean();
  }

  /** Deletes the object if it still has this UID and this resourceVersion. */
  <T extends KubeObject> Outcome<T> delete(
      ResourceType<T> type, ObjectMeta observed, int maxPerMinute) {
    Optional<Duration> delay = limiter.tryAcquire(maxPerMinute);
    if (delay.isPresent()) {
      return new Outcome.RateLimited<>(delay.get());
    }
    return deleteVersion(type, observed);
  }

  private <T extends KubeObject> Outcome<T> deleteVersion(
      ResourceType<T> type, ObjectMeta observed) {
    if (!mayWrite()) {
      return new Outcome.NotLeader<>();
    }
    ApiResult<T> result = api.deleteIfUnchanged(type, observed);
    return result instanceof ApiResult.Ok<T>(T remaining)
        ? new Outcome.Deleted<>(remaining)
        : new Outcome.Failed<>(result);
  }

  /**
   * Ends the session: writes why to its annotation {@code vdi.kasm.io/ended-by}, so that the
   * controller keeps its home, and deletes the version that has the annotation. If this process
   * stops between the two, the next decision completes the end or removes the annotation.
   */
  Outcome<VdiSession> end(VdiSession session, ReapReason reason, int maxPerMinute) {
    Optional<Duration> delay = limiter.tryAcquire(maxPerMinute);
    if (delay.isPresent()) {
      return new Outcome.RateLimited<>(delay.get());
    }
    if (session.metadata().annotation(Annotations.ENDED_BY).equals(Optional.of(reason.text()))) {
      return deleteVersion(ResourceType.SESSION, session.metadata());
    }
    if (!mayWrite()) {
      return new Outcome.NotLeader<>();
    }
    ApiResult<VdiSession> marked =
        patch(
            session,
            MergePatch.forVersion(session.metadata())
                .annotation(Annotations.ENDED_BY, reason.text()));
    return marked instanceof ApiResult.Ok<VdiSession>(VdiSession version)
        ? deleteVersion(ResourceType.SESSION, version.metadata())
        : new Outcome.Failed<>(marked);
  }

  /** Removes the annotation {@code vdi.kasm.io/ended-by}; empty if this is not the leader. */
  Optional<ApiResult<VdiSession>> revokeEnd(VdiSession session) {
    return patchIfLeader(
        session, MergePatch.forVersion(session.metadata()).removeAnnotation(Annotations.ENDED_BY));
  }

  /**
   * Suspends exactly this version, and writes why; empty if this is not the leader.
   *
   * @param due the time of the stop of a schedule, which is not carried out again
   * @param now what the user is told as the time of the suspension
   */
  Optional<ApiResult<VdiSession>> suspend(
      VdiSession session, ReapReason reason, Instant due, Instant now) {
    MergePatch patch =
        MergePatch.forVersion(session.metadata())
            .set("spec.suspended", true)
            .annotation(Annotations.SUSPENDED_BY, reason.text())
            .annotation(Annotations.SUSPENDED_AT, now.truncatedTo(ChronoUnit.SECONDS).toString());
    return patchIfLeader(
        session,
        reason == ReapReason.SCHEDULE
            ? patch.annotation(Annotations.SCHEDULE_APPLIED, due.toString())
            : patch);
  }

  /**
   * Resumes exactly this version because of its schedule; empty if this is not the leader.
   *
   * @param due the time of the start, which is not carried out again
   */
  Optional<ApiResult<VdiSession>> resume(VdiSession session, Instant due) {
    return patchIfLeader(
        session,
        MergePatch.forVersion(session.metadata())
            .set("spec.suspended", false)
            .annotation(Annotations.SCHEDULE_APPLIED, due.toString())
            .removeAnnotation(Annotations.SUSPENDED_BY)
            .removeAnnotation(Annotations.SUSPENDED_AT));
  }

  /**
   * Removes the operator's finalizer, so that the API server completes the deletion.
   *
   * @param keepsHome whether the home loses its owner first, as the garbage collector would delete
   *     it otherwise
   * @return empty if this is not the leader
   */
  Optional<ApiResult<VdiSession>> removeFinalizer(VdiSession session, boolean keepsHome) {
    Optional<ApiFailure> refused = keepsHome ? releaseHome(session) : Optional.empty();
    if (refused.isPresent()) {
      return Optional.of(
          new ApiResult.Unreachable<>("cannot release its home: " + refused.get().message()));
    }
    List<String> others =
        session.metadata().finalizers().stream()
            .filter(finalizer -> !finalizer.equals(VdiSession.FINALIZER))
            .toList();
    return patchIfLeader(session, MergePatch.forVersion(session.metadata()).finalizers(others));
  }

  private Optional<ApiFailure> releaseHome(VdiSession session) {
    ResourceType<PartialObjectMetadata> type = ResourceType.PERSISTENT_VOLUME_CLAIM.metadataOnly();
    ApiResult<PartialObjectMetadata> home =
        api.get(type, session.namespace(), ResourceNames.persistentVolumeClaim(session.name()));
    Optional<ObjectMeta> owned =
        home.ok()
            .map(PartialObjectMetadata::metadata)
            .filter(claim -> claim.isControlledBy(session.uid()) && mayWrite());
    return owned.isEmpty()
        ? home.failure().filter(failure -> !home.isNotFound())
        : api.mergePatch(
                type,
                session.namespace(),
                owned.get().name(),
                MergePatch.forVersion(owned.get())
                    .set("metadata.ownerReferences", new JsonArray())
                    .toJson())
            .failure();
  }

  private Optional<ApiResult<VdiSession>> patchIfLeader(VdiSession session, MergePatch patch) {
    return mayWrite() ? Optional.of(patch(session, patch)) : Optional.empty();
  }

  private ApiResult<VdiSession> patch(VdiSession session, MergePatch patch) {
    return api.mergePatch(
        ResourceType.SESSION, session.namespace(), session.name(), patch.toJson());
  }
}
