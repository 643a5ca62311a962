package io.vdi.operator.reaper.execution;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Deletes objects, only while this replica is the leader, only up to the rate limit, and only the
 * exact version that the decision was made on.
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
    if (!mayWrite()) {
      return new Outcome.NotLeader<>();
    }
    ApiResult<T> result = api.deleteIfUnchanged(type, observed);
    return result instanceof ApiResult.Ok<T>(T remaining)
        ? new Outcome.Deleted<>(remaining)
        : new Outcome.Failed<>(result);
  }

  /** Removes the operator's finalizer, so that the API server completes the deletion. */
  ApiResult<VdiSession> removeFinalizer(VdiSession session) {
    List<String> others =
        session.metadata().finalizers().stream()
            .filter(finalizer -> !finalizer.equals(VdiSession.FINALIZER))
            .toList();
    JsonObject patch = MergePatch.forVersion(session.metadata()).finalizers(others).toJson();
    return api.mergePatch(ResourceType.SESSION, session.namespace(), session.name(), patch);
  }
}
