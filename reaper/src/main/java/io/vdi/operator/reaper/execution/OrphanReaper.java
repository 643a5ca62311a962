package io.vdi.operator.reaper.execution;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.policy.Candidate;
import io.vdi.operator.reaper.policy.ManagedObjects;
import io.vdi.operator.reaper.policy.ReapPolicy;
import io.vdi.operator.reaper.policy.Verdict;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One look at one object that seems to have no session: an orphan, or a home that outlives its
 * session. All that is judged is asked of the API server in that moment; no cache is believed.
 */
public final class OrphanReaper {
  private static final Logger LOG = LoggerFactory.getLogger(OrphanReaper.class);
  private static final Duration IN_USE = Duration.ofMinutes(1);

  private final KubeClient api;
  private final Supplier<ReapConfig> policy;
  private final BooleanSupplier mayWrite;
  private final DeletionRateLimiter budget;
  private final ReaperReport findings;
  private final ReapListener tally;
  private final InstantSource clock;
  private final Map<String, Instant> orphanSeen = new ConcurrentHashMap<>();
  private final Map<ObjectKey, String> uids = new ConcurrentHashMap<>();
  private final Map<String, Instant> told = new ConcurrentHashMap<>();

  public OrphanReaper(
      KubeClient api,
      Supplier<ReapConfig> policy,
      BooleanSupplier mayWrite,
      DeletionRateLimiter budget,
      ReaperReport findings,
      ReapListener tally,
      InstantSource clock) {
    this.api = api;
    this.policy = policy;
    this.mayWrite = mayWrite;
    this.budget = budget;
    this.findings = findings;
    this.tally = tally;
    this.clock = clock;
  }

  /** One look, and when to look again. */
  public ReconcileResult look(ObjectKey key) {
    if (!mayWrite.getAsBoolean()) {
      return new ReconcileResult.Done();
    }
    ApiResult<PartialObjectMetadata> live = api.get(key.kind(), key.namespace(), key.name());
    Optional<ObjectMeta> object = live.ok().map(PartialObjectMetadata::metadata);
    Optional<String> name = object.flatMap(meta -> ManagedObjects.session(key.kind(), meta));
    String uid = object.map(ObjectMeta::uid).orElse("");
    String before = uids.put(key, uid);
    if (before != null && !before.equals(uid)) {
      forget(before);
    }
    if (name.isEmpty()) {
      return live.ok().isPresent() || live.isNotFound() ? nothing(key) : retry(live);
    }
    ApiResult<VdiSession> session = api.get(ResourceType.SESSION, key.namespace(), name.get());
    if (session.ok().isEmpty() && !session.isNotFound()) {
      return retry(session);
    }
    Instant now = clock.instant();
    boolean home = ManagedObjects.isHome(key.kind(), object.get());
    Candidate candidate =
        home
            ? new Candidate.Home(object.get(), session.ok())
            : new Candidate.Child(
                key.kind(),
                object.get(),
                session.ok(),
                orphanSeen.computeIfAbsent(uid, seen -> now));
    return carryOut(
        key, object.get(), home, ReapPolicy.judge(candidate, now, policy.get().rules()), now);
  }

  private ReconcileResult carryOut(
      ObjectKey key, ObjectMeta object, boolean home, Verdict verdict, Instant now) {
    return switch (verdict) {
      case Verdict.Keep(Optional<Instant> until) -> {
        if (until.isEmpty()) {
          yield home && object.annotation(Annotations.RELEASED_AT).isPresent()
              ? forEver(key, object)
              : nothing(key);
        }
        find(key, object, home, until.get(), home ? "retained" : "its session is gone");
        yield new ReconcileResult.RequeueAfter(Duration.between(now, until.get()));
      }
      case Verdict.Note(Optional<Instant> since) -> note(key, object, since);
      case Verdict.Orphan orphan -> delete(key, object, home, orphan);
      case Verdict.Warn _, Verdict.Expire _, Verdict.Stuck _, Verdict.Unknown _ ->
          throw new IllegalStateException("no verdict on an object: " + verdict);
    };
  }

  private ReconcileResult forEver(ObjectKey key, ObjectMeta object) {
    findings.put(
        object.uid(),
        finding(key, ReportEntry.Sort.HOME, Optional.empty(), "retained", "kept for ever"));
    return new ReconcileResult.Done();
  }

  private ReconcileResult delete(
      ObjectKey key, ObjectMeta object, boolean home, Verdict.Orphan orphan) {
    ReapConfig how = policy.get();
    find(key, object, home, orphan.due(), orphan.message());
    if (how.dryRun()) {
      if (!orphan.due().equals(told.put(object.uid(), orphan.due()))) {
        LOG.info("{}: (dry run) would be deleted: {}", key, orphan.message());
        tally.wouldReap(orphan.reason());
      }
      return new ReconcileResult.RequeueAfter(IN_USE);
    }
    if (key.kind().plural().equals(ResourceType.PERSISTENT_VOLUME_CLAIM.plural())) {
      ApiResult<JsonObject> pods = api.request("GET", ResourceType.POD.path(key.namespace()), null);
      if (pods.ok().isEmpty()) {
        return retry(pods);
      }
      Optional<String> user = userOf(key.name(), pods.ok().get());
      if (user.isPresent()) {
        find(key, object, home, orphan.due(), "pod " + user.get() + " uses it");
        return new ReconcileResult.RequeueAfter(IN_USE);
      }
    }
    Optional<Duration> wait = budget.take(how.deletionsPerMinute());
    if (wait.isPresent()) {
      return new ReconcileResult.RequeueAfter(wait.get());
    }
    if (!mayWrite.getAsBoolean()) {
      return new ReconcileResult.Done();
    }
    ApiResult<PartialObjectMetadata> result = api.deleteIfUnchanged(key.kind(), object);
    if (result.ok().isPresent()) {
      tally.reaped(orphan.reason(), Duration.between(orphan.due(), clock.instant()));
      LOG.info("{}: deleted ({}): {}", key, orphan.reason().text(), orphan.message());
      return nothing(key);
    }
    return result.isNotFound()
        ? nothing(key)
        : result.isConflict() ? new ReconcileResult.RequeueAfter(Duration.ZERO) : retry(result);
  }

  /** A pod that has not ended and mounts the claim, if there is one. */
  private static Optional<String> userOf(String claim, JsonObject pods) {
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

  /** Written on the home itself: its time goes on over a restart of ours. */
  private ReconcileResult note(ObjectKey key, ObjectMeta object, Optional<Instant> since) {
    if (policy.get().dryRun()) {
      findings.put(
          object.uid(),
          finding(key, ReportEntry.Sort.HOME, Optional.empty(), "retained", "no session has it"));
      return new ReconcileResult.Done();
    }
    JsonObject annotations = new JsonObject();
    if (since.isPresent()) {
      annotations.addProperty(
          Annotations.RELEASED_AT, since.get().truncatedTo(ChronoUnit.SECONDS).toString());
    } else {
      annotations.add(Annotations.RELEASED_AT, JsonNull.INSTANCE);
    }
    JsonObject metadata = new JsonObject();
    metadata.addProperty("uid", object.uid());
    metadata.addProperty("resourceVersion", object.resourceVersion());
    metadata.add("annotations", annotations);
    JsonObject patch = new JsonObject();
    patch.add("metadata", metadata);
    ApiResult<PartialObjectMetadata> result =
        api.mergePatch(key.kind(), key.namespace(), key.name(), patch);
    if (result.ok().isPresent()) {
      LOG.info(
          "{}: {}",
          key,
          since.isPresent() ? "no session has this home any more" : "a session has it again");
      return new ReconcileResult.RequeueAfter(Duration.ZERO);
    }
    return result.isConflict() ? new ReconcileResult.RequeueAfter(Duration.ZERO) : retry(result);
  }

  private void find(ObjectKey key, ObjectMeta object, boolean home, Instant due, String message) {
    findings.put(
        object.uid(),
        finding(
            key,
            home ? ReportEntry.Sort.HOME : ReportEntry.Sort.ORPHAN,
            Optional.of(due),
            home ? "retained" : "orphan",
            message));
  }

  private static ReportEntry finding(
      ObjectKey key, ReportEntry.Sort sort, Optional<Instant> due, String reason, String message) {
    return new ReportEntry(
        sort, key.kind().kind(), key.namespace(), key.name(), due, reason, message);
  }

  private static ReconcileResult retry(ApiResult<?> result) {
    return new ReconcileResult.Retry(result.failure().map(ApiFailure::message).orElse("no answer"));
  }

  private ReconcileResult nothing(ObjectKey key) {
    String uid = uids.remove(key);
    if (uid != null) {
      forget(uid);
    }
    return new ReconcileResult.Done();
  }

  private void forget(String uid) {
    orphanSeen.remove(uid);
    told.remove(uid);
    findings.remove(uid);
  }
}
