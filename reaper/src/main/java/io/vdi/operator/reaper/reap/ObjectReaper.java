package io.vdi.operator.reaper.reap;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.Failure;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.loop.ControlLoop.Outcome;
import io.vdi.operator.common.model.Meta;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.ObjectMetadata;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.judge.Candidate;
import io.vdi.operator.reaper.judge.Judge;
import io.vdi.operator.reaper.judge.Marks;
import io.vdi.operator.reaper.judge.Verdict;
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
public final class ObjectReaper {
  private static final Logger LOG = LoggerFactory.getLogger(ObjectReaper.class);
  private static final Duration IN_USE = Duration.ofMinutes(1);

  private final KubeApi api;
  private final Supplier<Policy> policy;
  private final BooleanSupplier mayWrite;
  private final Budget budget;
  private final Findings findings;
  private final Tally tally;
  private final InstantSource clock;
  private final Map<String, Instant> orphanSeen = new ConcurrentHashMap<>();
  private final Map<ObjectKey, String> uids = new ConcurrentHashMap<>();
  private final Map<String, Instant> told = new ConcurrentHashMap<>();

  public ObjectReaper(
      KubeApi api,
      Supplier<Policy> policy,
      BooleanSupplier mayWrite,
      Budget budget,
      Findings findings,
      Tally tally,
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
  public Outcome look(ObjectKey key) {
    if (!mayWrite.getAsBoolean()) {
      return new Outcome.Done();
    }
    ApiResult<ObjectMetadata> live = api.get(key.kind(), key.namespace(), key.name());
    Optional<Meta> object = live.ok().map(ObjectMetadata::metadata);
    Optional<String> name = object.flatMap(meta -> Marks.session(key.kind(), meta));
    String uid = object.map(Meta::uid).orElse("");
    String before = uids.put(key, uid);
    if (before != null && !before.equals(uid)) {
      forget(before);
    }
    if (name.isEmpty()) {
      return live.ok().isPresent() || live.isNotFound() ? nothing(key) : retry(live);
    }
    ApiResult<VdiSession> session = api.get(Kind.SESSION, key.namespace(), name.get());
    if (session.ok().isEmpty() && !session.isNotFound()) {
      return retry(session);
    }
    Instant now = clock.instant();
    boolean home = Marks.isHome(key.kind(), object.get());
    Candidate candidate =
        home
            ? new Candidate.Home(object.get(), session.ok())
            : new Candidate.Child(
                key.kind(),
                object.get(),
                session.ok(),
                orphanSeen.computeIfAbsent(uid, seen -> now));
    return carryOut(
        key, object.get(), home, Judge.judge(candidate, now, policy.get().rules()), now);
  }

  private Outcome carryOut(ObjectKey key, Meta object, boolean home, Verdict verdict, Instant now) {
    return switch (verdict) {
      case Verdict.Keep(Optional<Instant> until) -> {
        if (until.isEmpty()) {
          yield home && object.annotation(Names.RELEASED_AT).isPresent()
              ? forEver(key, object)
              : nothing(key);
        }
        find(key, object, home, until.get(), home ? "retained" : "its session is gone");
        yield new Outcome.Again(Duration.between(now, until.get()));
      }
      case Verdict.Note(Optional<Instant> since) -> note(key, object, since);
      case Verdict.Orphan orphan -> delete(key, object, home, orphan);
      case Verdict.Warn _, Verdict.Expire _, Verdict.Stuck _, Verdict.Unknown _ ->
          throw new IllegalStateException("no verdict on an object: " + verdict);
    };
  }

  private Outcome forEver(ObjectKey key, Meta object) {
    findings.put(
        object.uid(),
        finding(key, Finding.Sort.HOME, Optional.empty(), "retained", "kept for ever"));
    return new Outcome.Done();
  }

  private Outcome delete(ObjectKey key, Meta object, boolean home, Verdict.Orphan orphan) {
    Policy how = policy.get();
    find(key, object, home, orphan.due(), orphan.message());
    if (how.dryRun()) {
      if (!orphan.due().equals(told.put(object.uid(), orphan.due()))) {
        LOG.info("{}: (dry run) would be deleted: {}", key, orphan.message());
        tally.wouldReap(orphan.reason());
      }
      return new Outcome.Again(IN_USE);
    }
    if (key.kind().plural().equals(Kind.VOLUME_CLAIM.plural())) {
      ApiResult<JsonObject> pods = api.raw("GET", Kind.POD.path(key.namespace()), null);
      if (pods.ok().isEmpty()) {
        return retry(pods);
      }
      Optional<String> user = userOf(key.name(), pods.ok().get());
      if (user.isPresent()) {
        find(key, object, home, orphan.due(), "pod " + user.get() + " uses it");
        return new Outcome.Again(IN_USE);
      }
    }
    Optional<Duration> wait = budget.take(how.deletionsPerMinute());
    if (wait.isPresent()) {
      return new Outcome.Again(wait.get());
    }
    if (!mayWrite.getAsBoolean()) {
      return new Outcome.Done();
    }
    ApiResult<ObjectMetadata> result = api.deleteUnchanged(key.kind(), object);
    if (result.ok().isPresent()) {
      tally.reaped(orphan.reason(), Duration.between(orphan.due(), clock.instant()));
      LOG.info("{}: deleted ({}): {}", key, orphan.reason().text(), orphan.message());
      return nothing(key);
    }
    return result.isNotFound()
        ? nothing(key)
        : result.isConflict() ? new Outcome.Again(Duration.ZERO) : retry(result);
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
  private Outcome note(ObjectKey key, Meta object, Optional<Instant> since) {
    if (policy.get().dryRun()) {
      findings.put(
          object.uid(),
          finding(key, Finding.Sort.HOME, Optional.empty(), "retained", "no session has it"));
      return new Outcome.Done();
    }
    JsonObject annotations = new JsonObject();
    if (since.isPresent()) {
      annotations.addProperty(
          Names.RELEASED_AT, since.get().truncatedTo(ChronoUnit.SECONDS).toString());
    } else {
      annotations.add(Names.RELEASED_AT, JsonNull.INSTANCE);
    }
    JsonObject metadata = new JsonObject();
    metadata.addProperty("uid", object.uid());
    metadata.addProperty("resourceVersion", object.resourceVersion());
    metadata.add("annotations", annotations);
    JsonObject patch = new JsonObject();
    patch.add("metadata", metadata);
    ApiResult<ObjectMetadata> result =
        api.mergePatch(key.kind(), key.namespace(), key.name(), patch);
    if (result.ok().isPresent()) {
      LOG.info(
          "{}: {}",
          key,
          since.isPresent() ? "no session has this home any more" : "a session has it again");
      return new Outcome.Again(Duration.ZERO);
    }
    return result.isConflict() ? new Outcome.Again(Duration.ZERO) : retry(result);
  }

  private void find(ObjectKey key, Meta object, boolean home, Instant due, String message) {
    findings.put(
        object.uid(),
        finding(
            key,
            home ? Finding.Sort.HOME : Finding.Sort.ORPHAN,
            Optional.of(due),
            home ? "retained" : "orphan",
            message));
  }

  private static Finding finding(
      ObjectKey key, Finding.Sort sort, Optional<Instant> due, String reason, String message) {
    return new Finding(sort, key.kind().name(), key.namespace(), key.name(), due, reason, message);
  }

  private static Outcome retry(ApiResult<?> result) {
    return new Outcome.Retry(result.failure().map(Failure::message).orElse("no answer"));
  }

  private Outcome nothing(ObjectKey key) {
    String uid = uids.remove(key);
    if (uid != null) {
      forget(uid);
    }
    return new Outcome.Done();
  }

  private void forget(String uid) {
    orphanSeen.remove(uid);
    told.remove(uid);
    findings.remove(uid);
  }
}
