package io.vdi.operator.reaper.execution;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.execution.SessionEvaluator.Evaluation;
import io.vdi.operator.reaper.policy.Deadline;
import io.vdi.operator.reaper.policy.ReapReason;
import io.vdi.operator.reaper.policy.SessionVerdict;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides on one session and carries the verdict out: warns, suspends, deletes, or reports it. */
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

  /** By UID: what was last logged or counted. */
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
    Evaluation evaluation = evaluator.cached(session.get());
    return evaluation.decision().endRevoked() && !config.get().dryRun()
        ? live(
            session.get(),
            true,
            live -> live.decision().endRevoked() ? revokeEnd(live) : carryOut(live))
        : carryOut(evaluation);
  }

  /** Decides again on the live objects, because the caches can be out of date. */
  private ReconcileResult live(
      VdiSession cached, boolean withPod, Function<Evaluation, ReconcileResult> next) {
    ApiResult<Evaluation> live = evaluator.live(cached, withPod);
    live.ok().ifPresent(evaluation -> sessions.changed(evaluation.session()));
    return live.ok().map(next).orElseGet(() -> doneOrRetry(live));
  }

  /**
   * Removes the annotation that a former decision to end the session has left. Otherwise, the home
   * would be kept even when a person deletes the session with reclaim policy {@code Delete}.
   */
  private ReconcileResult revokeEnd(Evaluation evaluation) {
    VdiSession session = evaluation.session();
    Optional<ApiResult<VdiSession>> result = deleter.revokeEnd(session);
    if (result.isEmpty()) {
      return new ReconcileResult.Done();
    }
    ApiResult<VdiSession> revoked = result.get();
    if (revoked instanceof ApiResult.Ok<VdiSession>(VdiSession changed)) {
      sessions.changed(changed);
      LOG.info("{}: does not end any more", SessionKey.of(session));
      return new ReconcileResult.RequeueAfter(Duration.ZERO);
    }
    if (revoked.isConflict() || revoked.isNotFound()) {
      return doneOrRetry(revoked);
    }
    LOG.warn(
        "{}: cannot remove the annotation {}: {}",
        SessionKey.of(session),
        Annotations.ENDED_BY,
        revoked.failure().map(ApiFailure::message).orElse(""));
    // Warnings do not wait for it.
    ReconcileResult next = carryOut(evaluation);
    return next instanceof ReconcileResult.Retry
            || (next instanceof ReconcileResult.RequeueAfter(Duration delay)
                && delay.compareTo(RECHECK_INTERVAL) < 0)
        ? next
        : new ReconcileResult.RequeueAfter(RECHECK_INTERVAL);
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
      case SessionVerdict.Ending ending -> ending(session, ending, evaluation.time());
      case SessionVerdict.Expire expire -> expire(session, expire);
      case SessionVerdict.Suspend suspend -> suspend(session, suspend);
      case SessionVerdict.Resume resume -> resume(session, resume);
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
    Deadline deadline = warn.deadline();
    boolean dryRun = config.get().dryRun();
    LOG.info("{}: {}{}", SessionKey.of(session), dryRun ? "(dry run) " : "", warn.message());
    if (dryRun) {
      remember(session, deadline, now, Warnings.State.DRY_RUN);
    } else {
      ApiResult<Instant> since = record(session, deadline, warn.message());
      Optional<ReconcileResult> retry = retryOfWarning(since);
      remember(
          session,
          deadline,
          since.ok().orElse(now),
          retry.isPresent() ? Warnings.State.NOT_RECORDED : Warnings.State.RECORDED);
      if (retry.isPresent()) {
        return retry.get();
      }
    }
    // Another deadline may need a warning too, and this one may have been out for long enough.
    return carryOut(evaluator.cached(session));
  }

  private ReconcileResult ending(VdiSession session, SessionVerdict.Ending ending, Instant now) {
    ReapReason reason = ending.deadline().reason();
    put(
        session,
        ReportEntry.State.ENDING,
        Optional.of(ending.end()),
        reason.text(),
        ending.message());
    boolean recorded =
        evaluator
            .warnings()
            .find(session.uid(), reason)
            .filter(warning -> warning.state() == Warnings.State.NOT_RECORDED)
            .isEmpty();
    if (recorded || config.get().dryRun()) {
      return requeueAt(now, ending.until());
    }
    Optional<ReconcileResult> retry =
        retryOfWarning(record(session, ending.deadline(), ending.message()));
    if (retry.isEmpty()) {
      evaluator
          .warnings()
          .put(session.uid(), reason, new Warnings.Warning(ending.end(), Warnings.State.RECORDED));
    }
    return retry.orElseGet(() -> requeueAt(now, ending.until()));
  }

  private ApiResult<Instant> record(VdiSession session, Deadline deadline, String message) {
    String id =
        Hashes.sha256(
            session.uid() + deadline.reason() + deadline.at() + " " + deadline.revision(), 16);
    return events.warnOnce(session, id, "SessionExpiring", message);
  }

  private void remember(
      VdiSession session, Deadline deadline, Instant since, Warnings.State state) {
    evaluator
        .warnings()
        .put(
            session.uid(),
            deadline.reason(),
            new Warnings.Warning(deadline.endIfWarnedAt(since), state));
  }

  private static Optional<ReconcileResult> retryOfWarning(ApiResult<Instant> result) {
    return result
        .failure()
        .filter(ApiFailure.Transient.class::isInstance)
        .map(failure ->
            new ReconcileResult.Retry("cannot record SessionExpiring: " + failure.message()));
  }

  private ReconcileResult expire(VdiSession session, SessionVerdict.Expire expire) {
    DeletionConfig limits = config.get();
    if (limits.dryRun()) {
      putOverdue(session, expire.reason(), expire.due(), expire.message(), "dryRun");
      if (isNew(session, expire)) {
        LOG.info("{}: (dry run) would be deleted: {}", SessionKey.of(session), expire.message());
        listener.wouldReap(expire.reason());
      }
      return new ReconcileResult.RequeueAfter(RECHECK_INTERVAL);
    }
    if (guard.check(limits.massDeletion()).isPresent()) {
      putOverdue(session, expire.reason(), expire.due(), expire.message(), "massDeletionPercent");
      return new ReconcileResult.RequeueAfter(GUARD_INTERVAL);
    }
    return live(
        session,
        expire.reason() == ReapReason.NEVER_STARTED,
        live ->
            live.verdict() instanceof SessionVerdict.Expire still
                ? delete(live.session(), still, limits)
                : carryOut(live));
  }

  private ReconcileResult delete(
      VdiSession session, SessionVerdict.Expire expire, DeletionConfig limits) {
    return switch (deleter.end(session, expire.reason(), limits.maxPerMinute())) {
      case Deleter.Outcome.Deleted<VdiSession>(VdiSession remaining) -> {
        deleted(session, expire, remaining);
        yield new ReconcileResult.Done();
      }
      case Deleter.Outcome.RateLimited<VdiSession>(Duration delay) -> {
        putOverdue(
            session, expire.reason(), expire.due(), expire.message(), "maxDeletionsPerMinute");
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
    events.record(
        session,
        false,
        "SessionExpired",
        "deleted: "
            + expire.message()
            + (Boolean.FALSE.equals(session.spec().persistence().enabled())
                ? ""
                : "; its home is kept, and a session of the same name uses it again"));
    LOG.info(
        "{}: deleted ({}): {}", SessionKey.of(session), expire.reason().text(), expire.message());
  }

  /** The guard and the rate limit are for deletions: a suspended session loses nothing. */
  private ReconcileResult suspend(VdiSession session, SessionVerdict.Suspend suspend) {
    if (config.get().dryRun()) {
      putOverdue(session, suspend.reason(), suspend.due(), suspend.message(), "dryRun");
      if (isNew(session, suspend)) {
        LOG.info("{}: (dry run) would be suspended: {}", SessionKey.of(session), suspend.message());
      }
      return new ReconcileResult.RequeueAfter(RECHECK_INTERVAL);
    }
    return live(
        session,
        false,
        live ->
            live.verdict() instanceof SessionVerdict.Suspend still
                ? suspendLive(live, still)
                : carryOut(live));
  }

  private ReconcileResult suspendLive(Evaluation evaluation, SessionVerdict.Suspend suspend) {
    VdiSession session = evaluation.session();
    boolean scheduled = suspend.reason() == ReapReason.SCHEDULE;
    Optional<ApiResult<VdiSession>> result =
        deleter.suspend(session, suspend.reason(), suspend.due(), evaluation.time());
    result
        .flatMap(ApiResult::ok)
        .ifPresent(suspended -> {
          sessions.changed(suspended);
          report.remove(session.uid());
          if (scheduled) {
            listener.scheduleStopped();
          } else {
            listener.idleSuspended();
          }
          events.record(
              session,
              false,
              "SessionSuspended",
              "suspended: " + suspend.message() + "; set spec.suspended to false to continue");
          LOG.info("{}: suspended: {}", SessionKey.of(session), suspend.message());
        });
    return result.map(SessionReaper::doneOrRetry).orElseGet(ReconcileResult.Done::new);
  }

  /** As for a suspension, nothing is deleted. The quotas can refuse it. */
  private ReconcileResult resume(VdiSession session, SessionVerdict.Resume resume) {
    if (config.get().dryRun()) {
      putOverdue(session, ReapReason.SCHEDULE, resume.due(), resume.message(), "dryRun");
      if (isNew(session, resume)) {
        LOG.info("{}: (dry run) would be resumed: {}", SessionKey.of(session), resume.message());
      }
      return new ReconcileResult.RequeueAfter(RECHECK_INTERVAL);
    }
    return live(
        session,
        false,
        live ->
            live.verdict() instanceof SessionVerdict.Resume still
                ? resumeLive(live.session(), still)
                : carryOut(live));
  }

  private ReconcileResult resumeLive(VdiSession session, SessionVerdict.Resume resume) {
    Optional<ApiResult<VdiSession>> result = deleter.resume(session, resume.due());
    if (result.isEmpty()) {
      return new ReconcileResult.Done();
    }
    if (result.get() instanceof ApiResult.Ok<VdiSession>(VdiSession resumed)) {
      sessions.changed(resumed);
      report.remove(session.uid());
      listener.scheduleStarted();
      events.record(session, false, "SessionResumed", "resumed: " + resume.message());
      LOG.info("{}: resumed: {}", SessionKey.of(session), resume.message());
      // Its stop may be near.
      return new ReconcileResult.RequeueAfter(Duration.ZERO);
    }
    if (!(result.get().failure().orElseThrow() instanceof ApiFailure.Permanent refused)
        || result.get().isConflict()
        || result.get().isNotFound()) {
      return doneOrRetry(result.get());
    }
    events.warnOnce(
        session,
        Hashes.sha256(session.uid() + "start" + resume.due(), 16),
        "ScheduledStartRefused",
        "cannot resume the session, although its schedule starts it: " + refused.message());
    if (isNew(session, resume)) {
      LOG.warn("{}: cannot be resumed: {}", SessionKey.of(session), refused.message());
    }
    return new ReconcileResult.RequeueAfter(RECHECK_INTERVAL);
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
        ? live(
            session,
            false,
            live ->
                live.verdict() instanceof SessionVerdict.Stuck still
                    ? forceFinalize(live.session(), still)
                    : new ReconcileResult.Done())
        : new ReconcileResult.RequeueAfter(RECHECK_INTERVAL);
  }

  private ReconcileResult forceFinalize(VdiSession session, SessionVerdict.Stuck stuck) {
    Optional<ApiResult<VdiSession>> result = deleter.removeFinalizer(session, stuck.keepsHome());
    if (result.flatMap(ApiResult::ok).isPresent()) {
      listener.reaped(ReapReason.STUCK, stuck.since());
      LOG.warn("{}: removed its finalizer (forceFinalize)", SessionKey.of(session));
    }
    return result.map(SessionReaper::doneOrRetry).orElseGet(ReconcileResult.Done::new);
  }

  private void putOverdue(
      VdiSession session, ReapReason reason, Instant due, String message, String setting) {
    put(
        session,
        ReportEntry.State.OVERDUE,
        Optional.of(due),
        reason.text(),
        message + "; held by " + setting);
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
