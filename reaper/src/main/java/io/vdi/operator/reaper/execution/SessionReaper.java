package io.vdi.operator.reaper.execution;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.policy.Candidate;
import io.vdi.operator.reaper.policy.ReapPolicy;
import io.vdi.operator.reaper.policy.ReapReason;
import io.vdi.operator.reaper.policy.Verdict;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One look at one session: judge, and do what was judged. */
public final class SessionReaper {
  private static final Logger LOG = LoggerFactory.getLogger(SessionReaper.class);

  /** How soon a session is looked at again that may not go now, or of which nothing is known. */
  private static final Duration HELD = Duration.ofSeconds(5);

  private static final Duration UNKNOWN = Duration.ofMinutes(1);

  private final KubeClient api;
  private final SessionStateReader gatherer;
  private final Supplier<ReapConfig> policy;
  private final BooleanSupplier mayWrite;
  private final DeletionRateLimiter budget;
  private final MassDeletionGuard brake;
  private final EventRecorder events;
  private final ReaperReport findings;
  private final ReapListener tally;
  private final InstantSource clock;
  private final Map<SessionKey, String> uids = new ConcurrentHashMap<>();
  private final Map<String, Object> told = new ConcurrentHashMap<>();
  private volatile String braked = "";

  public SessionReaper(
      KubeClient api,
      SessionStateReader gatherer,
      Supplier<ReapConfig> policy,
      BooleanSupplier mayWrite,
      DeletionRateLimiter budget,
      EventRecorder events,
      ReaperReport findings,
      ReapListener tally,
      InstantSource clock) {
    this.api = api;
    this.gatherer = gatherer;
    this.policy = policy;
    this.mayWrite = mayWrite;
    this.budget = budget;
    this.brake = new MassDeletionGuard(this::census, System::nanoTime);
    this.events = events;
    this.findings = findings;
    this.tally = tally;
    this.clock = clock;
  }

  /** One look, and when to look again. */
  public ReconcileResult look(SessionKey key) {
    Optional<VdiSession> session = gatherer.sessions().get(key.namespace(), key.name());
    forgetFormer(key, session.map(VdiSession::uid));
    if (session.isEmpty() || !mayWrite.getAsBoolean()) {
      return new ReconcileResult.Done();
    }
    Instant now = clock.instant();
    gatherer.note(session.get(), now);
    return carryOut(session.get(), judge(gatherer.cached(session.get()), now), now);
  }

  /**
   * Here, where looks at one key follow one another, so that no look still under way brings it
   * back.
   */
  private void forgetFormer(SessionKey key, Optional<String> uid) {
    String former = uid.isPresent() ? uids.put(key, uid.get()) : uids.remove(key);
    if (former != null && !uid.equals(Optional.of(former))) {
      gatherer.forget(former);
      told.remove(former);
      findings.remove(former);
    }
  }

  /** A template or a setting has changed, and with it perhaps the judgement of many. */
  public void rulesChanged() {
    brake.lookAnew();
    // After a dry run people have still to be told.
    told.clear();
  }

  public MassDeletionGuard brake() {
    return brake;
  }

  private Verdict judge(Candidate.Session seen, Instant now) {
    return ReapPolicy.judge(seen, now, policy.get().rules());
  }

  private MassDeletionGuard.ExpirySnapshot census() {
    Instant now = clock.instant();
    Set<String> going = new HashSet<>();
    Set<String> all = new HashSet<>();
    for (VdiSession session : gatherer.sessions().list()) {
      if (!session.metadata().isDeleting()) {
        all.add(session.uid());
        if (judge(gatherer.cached(session), now) instanceof Verdict.Expire) {
          going.add(session.uid());
        }
      }
    }
    return new MassDeletionGuard.ExpirySnapshot(going, all);
  }

  private ReconcileResult carryOut(VdiSession session, Verdict verdict, Instant now) {
    return switch (verdict) {
      case Verdict.Keep(Optional<Instant> until) -> {
        findings.remove(session.uid());
        told.remove(session.uid());
        yield until.map(at -> again(now, at)).orElseGet(ReconcileResult.Done::new);
      }
      case Verdict.Warn warn -> warn(session, warn, now);
      case Verdict.Expire expire -> expire(session, expire);
      case Verdict.Stuck stuck -> stuck(session, stuck);
      case Verdict.Unknown(String why) -> {
        find(session, ReportEntry.Sort.UNKNOWN, Optional.empty(), "unknown", why);
        if (isNews(session, why)) {
          LOG.warn("{}: stays, for {}", SessionKey.of(session), why);
        }
        yield new ReconcileResult.RequeueAfter(UNKNOWN);
      }
      case Verdict.Orphan _, Verdict.Note _ ->
          throw new IllegalStateException("no verdict on a session: " + verdict);
    };
  }

  private static ReconcileResult again(Instant now, Instant at) {
    return new ReconcileResult.RequeueAfter(Duration.between(now, at));
  }

  private ReconcileResult warn(VdiSession session, Verdict.Warn warn, Instant now) {
    find(
        session,
        ReportEntry.Sort.ENDING,
        Optional.of(warn.due()),
        warn.reason().text(),
        warn.message());
    boolean dryRun = policy.get().dryRun();
    if (isNews(session, warn.due())) {
      LOG.info("{}: {}{}", SessionKey.of(session), dryRun ? "(dry run) " : "", warn.message());
      String id = Hashes.sha256(session.uid() + warn.reason() + warn.due(), 16);
      Optional<ApiFailure> failure =
          dryRun
              ? Optional.empty()
              : events.warnOnce(session, id, "SessionExpiring", warn.message());
      if (failure.filter(ApiFailure.Transient.class::isInstance).isPresent()) {
        told.remove(session.uid());
        return new ReconcileResult.Retry("warning: " + failure.get().message());
      }
    }
    return again(now, warn.until());
  }

  private ReconcileResult expire(VdiSession session, Verdict.Expire expire) {
    ReapConfig how = policy.get();
    if (how.dryRun()) {
      held(session, expire, "dry run");
      if (isNews(session, expire.due())) {
        LOG.info("{}: (dry run) would be deleted: {}", SessionKey.of(session), expire.message());
        tally.wouldReap(expire.reason());
      }
      return new ReconcileResult.RequeueAfter(UNKNOWN);
    }
    Optional<String> stop = brake.check(how.massDeletion());
    say(stop);
    if (stop.isPresent()) {
      held(session, expire, "held by the brake");
      return new ReconcileResult.RequeueAfter(HELD);
    }
    return expireLive(session, expire, how);
  }

  /** What the cache shows may be old: the judgement that counts is on the live objects. */
  private ReconcileResult expireLive(VdiSession cached, Verdict.Expire expire, ReapConfig how) {
    ApiResult<Candidate.Session> live =
        gatherer.live(cached, expire.reason() == ReapReason.NEVER_STARTED);
    if (!(live instanceof ApiResult.Ok<Candidate.Session>(Candidate.Session seen))) {
      return goneOrRetry(live);
    }
    VdiSession session = seen.session();
    Instant now = clock.instant();
    Verdict verdict = judge(seen, now);
    if (!(verdict instanceof Verdict.Expire certain)) {
      return carryOut(session, verdict, now);
    }
    Optional<Duration> wait = budget.take(how.deletionsPerMinute());
    if (wait.isPresent()) {
      held(session, certain, "held by maxDeletionsPerMinute");
      return new ReconcileResult.RequeueAfter(wait.get());
    }
    return delete(session, certain);
  }

  private ReconcileResult delete(VdiSession session, Verdict.Expire expire) {
    if (!mayWrite.getAsBoolean()) {
      return new ReconcileResult.Done();
    }
    ApiResult<VdiSession> result = api.deleteIfUnchanged(ResourceType.SESSION, session.metadata());
    if (!(result instanceof ApiResult.Ok<VdiSession>(VdiSession left))) {
      return goneOrRetry(result);
    }
    if (left.metadata().isDeleting()) {
      gatherer.sessions().changed(left);
    } else {
      gatherer.sessions().deleted(session.namespace(), session.name(), session.uid());
    }
    brake.deleted(session.uid());
    findings.remove(session.uid());
    tally.reaped(expire.reason(), Duration.between(expire.due(), clock.instant()));
    events.record(session, false, "SessionExpired", "deleted: " + expire.message());
    LOG.info(
        "{}: deleted ({}): {}", SessionKey.of(session), expire.reason().text(), expire.message());
    return new ReconcileResult.Done();
  }

  /** Gone or changed under our hands: the watch, or the next look, tells what is now. */
  private static ReconcileResult goneOrRetry(ApiResult<?> result) {
    return result.ok().isPresent() || result.isNotFound()
        ? new ReconcileResult.Done()
        : result.isConflict()
            ? new ReconcileResult.RequeueAfter(Duration.ZERO)
            : new ReconcileResult.Retry(
                result.failure().map(ApiFailure::message).orElse("no answer"));
  }

  private ReconcileResult stuck(VdiSession session, Verdict.Stuck stuck) {
    find(session, ReportEntry.Sort.STUCK, Optional.empty(), "stuck", stuck.message());
    ReapConfig how = policy.get();
    if (isNews(session, "stuck")) {
      LOG.warn("{}: {}", SessionKey.of(session), stuck.message());
      if (!how.dryRun()) {
        events.warnOnce(
            session, Hashes.sha256(session.uid() + "stuck", 16), "SessionStuck", stuck.message());
      }
    }
    return how.forceFinalize() && !how.dryRun()
        ? forceFinalize(session)
        : new ReconcileResult.RequeueAfter(UNKNOWN);
  }

  private ReconcileResult forceFinalize(VdiSession cached) {
    ApiResult<Candidate.Session> live = gatherer.live(cached, false);
    if (!(live instanceof ApiResult.Ok<Candidate.Session>(Candidate.Session seen))
        || !(judge(seen, clock.instant()) instanceof Verdict.Stuck stuck)) {
      return goneOrRetry(live);
    }
    VdiSession session = seen.session();
    JsonArray finalizers = new JsonArray();
    session.metadata().finalizers().stream()
        .filter(finalizer -> !finalizer.equals(VdiSession.FINALIZER))
        .forEach(finalizers::add);
    JsonObject metadata = new JsonObject();
    metadata.addProperty("resourceVersion", session.metadata().resourceVersion());
    metadata.add("finalizers", finalizers);
    JsonObject patch = new JsonObject();
    patch.add("metadata", metadata);
    ApiResult<VdiSession> result =
        api.mergePatch(ResourceType.SESSION, session.namespace(), session.name(), patch);
    if (result.ok().isPresent()) {
      tally.reaped(ReapReason.STUCK, Duration.between(stuck.since(), clock.instant()));
      LOG.warn("{}: its finalizer was taken off (forceFinalize)", SessionKey.of(session));
    }
    return goneOrRetry(result);
  }

  private void held(VdiSession session, Verdict.Expire expire, String by) {
    find(
        session,
        ReportEntry.Sort.OVERDUE,
        Optional.of(expire.due()),
        expire.reason().text(),
        expire.message() + "; " + by);
  }

  private void find(
      KubeObject session,
      ReportEntry.Sort sort,
      Optional<Instant> due,
      String reason,
      String message) {
    findings.put(
        session.uid(),
        new ReportEntry(
            sort,
            ResourceType.SESSION.kind(),
            session.namespace(),
            session.name(),
            due,
            reason,
            message));
  }

  /** Whether this was not the last that was told of the session. */
  private boolean isNews(VdiSession session, Object what) {
    return !what.equals(told.put(session.uid(), what));
  }

  private void say(Optional<String> stop) {
    String now = stop.isPresent() ? "engaged" : "";
    if (!now.equals(braked)) {
      braked = now;
      if (stop.isPresent()) {
        LOG.error("no session is deleted any more: {}", stop.get());
      } else {
        LOG.info("sessions are deleted again");
      }
    }
  }
}
