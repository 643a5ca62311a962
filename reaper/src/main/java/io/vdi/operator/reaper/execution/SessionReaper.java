package io.vdi.operator.reaper.execution;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.execution.SessionEvaluator.Evaluation;
import io.vdi.operator.reaper.policy.ReapReason;
import io.vdi.operator.reaper.policy.SessionVerdict;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides on one session and carries the verdict out: warns, deletes, or reports it. */
public final class SessionReaper {
  private static final Logger LOG = LoggerFactory.getLogger(SessionReaper.class);

  /** When to try again while the mass deletion guard is engaged. */
  private static final Duration GUARD_INTERVAL = Duration.ofSeconds(5);

  /** When to decide again on a session that is stuck, unknown, or due in a dry run. */
  private static final Duration RECHECK_INTERVAL = Duration.ofMinutes(1);

  private final ResourceCache<VdiSession> sessions;
  private final SessionEvaluator evaluator;
  private final MassDeletionGuard guard;
  private final Deleter deleter;
  private final Supplier<DeletionConfig> config;
  private final EventRecorder events;
  private final ReaperReport report;
  private final ReapListener listener;
  private final Map<SessionKey, String> uids = new ConcurrentHashMap<>();

  /** By UID: what was last logged, counted, or recorded as an Event. */
  private final Map<String, Object> announced = new ConcurrentHashMap<>();

  public SessionReaper(
      ResourceCache<VdiSession> sessions,
      SessionEvaluator evaluator,
      MassDeletionGuard guard,
      Deleter deleter,
      Supplier<DeletionConfig> config,
      EventRecorder events,
      ReaperReport report,
      ReapListener listener) {
    this.sessions = sessions;
    this.evaluator = evaluator;
    this.guard = guard;
    this.deleter = deleter;
    this.config = config;
    this.events = events;
    this.report = report;
    this.listener = listener;
  }

  /** Decides on the session, carries the verdict out, and returns when to decide again. */
  public ReconcileResult reconcile(SessionKey key) {
    Optional<VdiSession> session = sessions.get(key.namespace(), key.name());
    forgetPrevious(key, session.map(VdiSession::uid));
    if (session.isEmpty() || !deleter.mayWrite()) {
      return new ReconcileResult.Done();
    }
    evaluator.observe(session.get());
    return carryOut(evaluator.cached(session.get()));
  }

  /**
   * Runs in the worker, which handles one key at a time: no concurrent reconcile of the same
   * session can remember it again.
   */
  private void forgetPrevious(SessionKey key, Optional<String> uid) {
    String previous = uid.isPresent() ? uids.put(key, uid.get()) : uids.remove(key);
    if (previous != null && !uid.equals(Optional.of(previous))) {
      evaluator.forget(previous);
      announced.remove(previous);
      report.remove(previous);
    }
  }

  /** A template or a setting has changed: the verdicts on many sessions can be different now. */
  public void rulesChanged() {
    guard.invalidate();
    // A dry run logged the warnings only. Users must get their Events when it ends.
    announced.clear();
  }

  private ReconcileResult carryOut(Evaluation evaluation) {
    VdiSession session = evaluation.session();
    return switch (evaluation.verdict()) {
      case SessionVerdict.Keep(Optional<Instant> until) -> {
        report.remove(session.uid());
        announced.remove(session.uid());
        yield until
            .map(time -> requeueAt(evaluation.time(), time))
            .orElseGet(ReconcileResult.Done::new);
      }
      case SessionVerdict.Warn warn -> warn(session, warn, evaluation.time());
      case SessionVerdict.Expire expire -> expire(session, expire);
      case SessionVerdict.Stuck stuck -> stuck(session, stuck);
      case SessionVerdict.Unknown(String reason) -> {
        put(session, ReportEntry.State.UNKNOWN, Optional.empty(), "unknown", reason);
        if (isNew(session, reason)) {
          LOG.warn("{}: not deleted: {}", SessionKey.of(session), reason);
        }
        yield new ReconcileResult.RequeueAfter(RECHECK_INTERVAL);
      }
    };
  }

  private static ReconcileResult requeueAt(Instant now, Instant time) {
    return new ReconcileResult.RequeueAfter(Duration.between(now, time));
  }

  private ReconcileResult warn(VdiSession session, SessionVerdict.Warn warn, Instant now) {
    put(
        session,
        ReportEntry.State.ENDING,
        Optional.of(warn.due()),
        warn.reason().text(),
        warn.message());
    boolean dryRun = config.get().dryRun();
    if (isNew(session, warn.due())) {
      LOG.info("{}: {}{}", SessionKey.of(session), dryRun ? "(dry run) " : "", warn.message());
      String id = Hashes.sha256(session.uid() + warn.reason() + warn.due(), 16);
      Optional<ApiFailure> failure =
          dryRun
              ? Optional.empty()
              : events.warnOnce(session, id, "SessionExpiring", warn.message());
      if (failure.filter(ApiFailure.Transient.class::isInstance).isPresent()) {
        announced.remove(session.uid());
        return new ReconcileResult.Retry(
            "cannot record SessionExpiring: " + failure.get().message());
      }
    }
    return requeueAt(now, warn.until());
  }

  private ReconcileResult expire(VdiSession session, SessionVerdict.Expire expire) {
    DeletionConfig limits = config.get();
    if (limits.dryRun()) {
      putOverdue(session, expire, "dryRun");
      if (isNew(session, expire)) {
        LOG.info("{}: (dry run) would be deleted: {}", SessionKey.of(session), expire.message());
        listener.wouldReap(expire.reason());
      }
      return new ReconcileResult.RequeueAfter(RECHECK_INTERVAL);
    }
    if (guard.check(limits.massDeletion()).isPresent()) {
      putOverdue(session, expire, "massDeletionPercent");
      return new ReconcileResult.RequeueAfter(GUARD_INTERVAL);
    }
    return expireLive(session, expire.reason(), limits);
  }

  /** Decides again on the live objects, because the caches can be out of date. */
  private ReconcileResult expireLive(VdiSession cached, ReapReason reason, DeletionConfig limits) {
    ApiResult<Evaluation> live = evaluator.live(cached, reason == ReapReason.NEVER_STARTED);
    if (!(live instanceof ApiResult.Ok<Evaluation>(Evaluation evaluation))) {
      return doneOrRetry(live);
    }
    sessions.changed(evaluation.session());
    return evaluation.verdict() instanceof SessionVerdict.Expire expire
        ? delete(evaluation.session(), expire, limits)
        : carryOut(evaluation);
  }

  private ReconcileResult delete(
      VdiSession session, SessionVerdict.Expire expire, DeletionConfig limits) {
    return switch (deleter.delete(
        ResourceType.SESSION, session.metadata(), limits.maxPerMinute())) {
      case Deleter.Outcome.Deleted<VdiSession>(VdiSession remaining) -> {
        deleted(session, expire, remaining);
        yield new ReconcileResult.Done();
      }
      case Deleter.Outcome.RateLimited<VdiSession>(Duration delay) -> {
        putOverdue(session, expire, "maxDeletionsPerMinute");
        yield new ReconcileResult.RequeueAfter(delay);
      }
      case Deleter.Outcome.NotLeader<VdiSession>() -> new ReconcileResult.Done();
      case Deleter.Outcome.Failed<VdiSession>(ApiResult<VdiSession> result) -> doneOrRetry(result);
    };
  }

  private void deleted(VdiSession session, SessionVerdict.Expire expire, VdiSession remaining) {
    if (remaining.metadata().isDeleting()) {
      sessions.changed(remaining);
    } else {
      sessions.deleted(session.namespace(), session.name(), session.uid());
    }
    guard.deleted(session.uid());
    report.remove(session.uid());
    listener.reaped(expire.reason(), expire.due());
    events.record(session, false, "SessionExpired", "deleted: " + expire.message());
    LOG.info(
        "{}: deleted ({}): {}", SessionKey.of(session), expire.reason().text(), expire.message());
  }

  /**
   * After a success, and when the session does not exist any more, there is nothing to do. After a
   * conflict the session has changed, and the decision must be made again.
   */
  private static ReconcileResult doneOrRetry(ApiResult<?> result) {
    return result.ok().isPresent() || result.isNotFound()
        ? new ReconcileResult.Done()
        : result.isConflict()
            ? new ReconcileResult.RequeueAfter(Duration.ZERO)
            : new ReconcileResult.Retry(
                result.failure().map(ApiFailure::message).orElse("no response"));
  }

  private ReconcileResult stuck(VdiSession session, SessionVerdict.Stuck stuck) {
    put(session, ReportEntry.State.STUCK, Optional.empty(), "stuck", stuck.message());
    DeletionConfig limits = config.get();
    if (isNew(session, "stuck")) {
      LOG.warn("{}: {}", SessionKey.of(session), stuck.message());
      if (!limits.dryRun()) {
        events.warnOnce(
            session, Hashes.sha256(session.uid() + "stuck", 16), "SessionStuck", stuck.message());
      }
    }
    return limits.forceFinalize() && !limits.dryRun()
        ? forceFinalize(session)
        : new ReconcileResult.RequeueAfter(RECHECK_INTERVAL);
  }

  private ReconcileResult forceFinalize(VdiSession cached) {
    ApiResult<Evaluation> live = evaluator.live(cached, false);
    if (!(live instanceof ApiResult.Ok<Evaluation>(Evaluation evaluation))) {
      return doneOrRetry(live);
    }
    VdiSession session = evaluation.session();
    sessions.changed(session);
    if (!(evaluation.verdict() instanceof SessionVerdict.Stuck stuck)) {
      return new ReconcileResult.Done();
    }
    ApiResult<VdiSession> result = deleter.removeFinalizer(session);
    if (result.ok().isPresent()) {
      listener.reaped(ReapReason.STUCK, stuck.since());
      LOG.warn("{}: removed its finalizer (forceFinalize)", SessionKey.of(session));
    }
    return doneOrRetry(result);
  }

  private void putOverdue(VdiSession session, SessionVerdict.Expire expire, String setting) {
    put(
        session,
        ReportEntry.State.OVERDUE,
        Optional.of(expire.due()),
        expire.reason().text(),
        expire.message() + "; held by " + setting);
  }

  private void put(
      VdiSession session,
      ReportEntry.State state,
      Optional<Instant> due,
      String reason,
      String message) {
    report.put(
        session.uid(),
        new ReportEntry(
            state,
            ResourceType.SESSION.kind(),
            session.namespace(),
            session.name(),
            due,
            reason,
            message));
  }

  /** Whether this differs from what was last announced about the session. */
  private boolean isNew(VdiSession session, Object announcement) {
    return !announcement.equals(announced.put(session.uid(), announcement));
  }
}
