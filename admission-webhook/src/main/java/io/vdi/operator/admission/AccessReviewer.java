package io.vdi.operator.admission;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Asks the API server whether RBAC allows a caller to manage sessions of others: a
 * SubjectAccessReview for the verb {@code manage}; docs/decisions/session-admins.md. Remembers an
 * answer for a few seconds, so that a burst of requests costs one review. A removed permission
 * therefore still works for that long.
 */
final class AccessReviewer {
  static final String PATH = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
  static final String VERB = "manage";

  /** How long an answer is used. */
  private static final Duration TTL = Duration.ofSeconds(5);

  /** Answers in memory, each about 200 bytes. */
  static final int MAX_REMEMBERED = 1000;

  /** Concurrent reviews. A flood of forged callers must not become a flood for the API server. */
  private static final int MAX_CONCURRENT = 32;

  /** SHA-256 as 64 hexadecimal digits; a caller itself can have 100 KB of groups. */
  private static final int HASH_LENGTH = 64;

  private final KubeClient api;
  private final LongSupplier elapsedNanos;
  private final TimeLimiter limiter = new TimeLimiter();
  private final Semaphore permits = new Semaphore(MAX_CONCURRENT);

  private record Answer(boolean allowed, long since) {}

  private final Map<String, Answer> answers =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Answer> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  /**
   * @param elapsedNanos as {@link System#nanoTime}
   */
  AccessReviewer(KubeClient api, LongSupplier elapsedNanos) {
    this.api = api;
    this.elapsedNanos = elapsedNanos;
  }

  /**
   * Whether the caller may manage all sessions in the namespace.
   *
   * @param limit for the answer of the API server
   */
  ApiResult<Boolean> mayManage(Caller caller, String namespace, Duration limit) {
    JsonObject review = review(caller, namespace);
    String key = Hashes.sha256(review.toString(), HASH_LENGTH);
    Optional<Boolean> known = remembered(key);
    if (known.isPresent()) {
      return new ApiResult.Ok<>(known.get());
    }
    ApiResult<Boolean> answer = ask(review, limit);
    answer.ok().ifPresent(allowed -> remember(key, allowed));
    return answer;
  }

  private ApiResult<Boolean> ask(JsonObject review, Duration limit) {
    try {
      if (!permits.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        return new ApiResult.Unreachable<>("too many permissions are being checked");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new ApiResult.Unreachable<>("the webhook is stopping");
    }
    try {
      return limiter
          .call(limit, () -> api.request("POST", PATH, review))
          .flatMap(AccessReviewer::allowed);
    } finally {
      permits.release();
    }
  }

  /** An answer without a verdict, or with an error of an authorizer, is no answer. */
  private static ApiResult<Boolean> allowed(JsonObject answer) {
    if (answer.get("status") instanceof JsonObject status
        && status.get("allowed") instanceof JsonPrimitive allowed
        && allowed.isBoolean()) {
      boolean failed = !allowed.getAsBoolean() && status.has("evaluationError");
      return failed
          ? new ApiResult.Unreachable<>(
              "the SubjectAccessReview failed: " + status.get("evaluationError"))
          : new ApiResult.Ok<>(allowed.getAsBoolean());
    }
    return new ApiResult.Unreachable<>("the SubjectAccessReview has no verdict");
  }

  private static JsonObject review(Caller caller, String namespace) {
    JsonObject attributes = new JsonObject();
    attributes.addProperty("group", VdiSession.GROUP);
    attributes.addProperty("resource", ResourceType.SESSION.plural());
    attributes.addProperty("verb", VERB);
    attributes.addProperty("namespace", namespace);
    JsonObject extra = new JsonObject();
    new TreeMap<>(caller.extra()).forEach((key, values) -> extra.add(key, array(values)));
    JsonObject spec = new JsonObject();
    spec.addProperty("user", caller.username());
    spec.add("groups", array(caller.groups()));
    spec.add("extra", extra);
    spec.add("resourceAttributes", attributes);
    JsonObject review = new JsonObject();
    review.addProperty("apiVersion", "authorization.k8s.io/v1");
    review.addProperty("kind", "SubjectAccessReview");
    review.add("spec", spec);
    return review;
  }

  private static JsonArray array(List<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }

  private synchronized Optional<Boolean> remembered(String key) {
    return Optional.ofNullable(answers.get(key))
        .filter(answer -> elapsedNanos.getAsLong() - answer.since() < TTL.toNanos())
        .map(Answer::allowed);
  }

  private synchronized void remember(String key, boolean allowed) {
    // Removed first, so that the eldest entry is the oldest answer.
    answers.remove(key);
    answers.put(key, new Answer(allowed, elapsedNanos.getAsLong()));
  }
}
