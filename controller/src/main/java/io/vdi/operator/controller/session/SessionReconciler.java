package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.quota.QuotaAdmitter;
import io.vdi.operator.controller.session.apply.PlanExecutor;
import io.vdi.operator.controller.session.plan.FailedStep;
import io.vdi.operator.controller.session.plan.FailureStatus;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.Plan;
import io.vdi.operator.controller.session.plan.SessionPlanner;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.controller.usage.UsageRecorder;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * One pass over one session: prepare, ask the quotas, plan, record the use, execute, write the
 * status; docs/specification.md, section 3. {@link AccessReconciler} does the writes that give
 * access.
 */
public final class SessionReconciler {
  private static final Logger LOG = LoggerFactory.getLogger(SessionReconciler.class);

  private final SessionPreparation preparation;
  private final QuotaAdmitter quota;
  private final UsageRecorder usage;
  private final PlanExecutor executor;
  private final AccessReconciler access;
  private final StatusWriter statusWriter;
  private final SessionMemory memory;
  private final Supplier<SessionConfig> config;
  private final InstantSource clock;
  private final AtomicLong passes = new AtomicLong();

  public SessionReconciler(
      SessionPreparation preparation,
      QuotaAdmitter quota,
      UsageRecorder usage,
      PlanExecutor executor,
      AccessReconciler access,
      StatusWriter statusWriter,
      SessionMemory memory,
      Supplier<SessionConfig> config,
      InstantSource clock) {
    this.preparation = preparation;
    this.quota = quota;
    this.usage = usage;
    this.executor = executor;
    this.access = access;
    this.statusWriter = statusWriter;
    this.memory = memory;
    this.config = config;
    this.clock = clock;
  }

  /** Takes over the hosts of the previous leader. Must be called before the first pass. */
  public void restore() {
    preparation.restore();
  }

  public ReconcileResult reconcile(SessionKey key) {
    MDC.put("session", key.toString());
    MDC.put("reconcile", Long.toString(passes.incrementAndGet(), 36));
    try {
      return preparation.find(key).map(this::pass).orElseGet(() -> forget(key));
    } finally {
      MDC.clear();
    }
  }

  private ReconcileResult pass(VdiSession session) {
    Instant now = clock.instant();
    SessionConfig settings = config.get();
    SessionPreparation.Prepared prepared = preparation.prepare(session, settings, now);
    ObservedSession admitted = admit(prepared, now);
    Plan plan = SessionPlanner.plan(admitted, prepared.desired(), settings, now);
    LOG.debug("plan: {}", plan.steps());
    usage.record(admitted, plan, now);
    Plan first = plan.withoutAccess();
    List<FailedStep> failures = executor.execute(session, first);
    Plan done =
        reported(
            first,
            admitted,
            access.request(admitted, prepared.desired(), settings, plan, failures),
            settings,
            now);
    return failures.isEmpty()
        ? succeeded(admitted, done, now)
        : failed(admitted, done, failures, now);
  }

  /** The plan with the failures of {@link AccessReconciler} in its status. */
  private static Plan reported(
      Plan plan,
      ObservedSession observed,
      List<FailedStep> noAccess,
      SessionConfig settings,
      Instant now) {
    return noAccess.isEmpty()
        ? plan
        : plan.withStatus(status -> FailureStatus.of(observed, settings, status, noAccess, now));
  }

  private ObservedSession admit(SessionPreparation.Prepared prepared, Instant now) {
    ObservedSession observed = prepared.observed();
    return SessionPlanner.wantsPod(observed, prepared.desired(), now)
        ? quota.admit(observed)
        : quota.dequeue(observed);
  }

  private ReconcileResult succeeded(ObservedSession observed, Plan plan, Instant now) {
    SessionMemory.Entry remembered = memory.of(observed.session());
    remembered.failures().reset();
    if (observed.resync()) {
      remembered.resync().done(now);
    }
    return statusWriter.succeeded(observed, plan, now);
  }

  private ReconcileResult failed(
      ObservedSession observed, Plan plan, List<FailedStep> steps, Instant now) {
    List<FailedStep> failures = memory.of(observed.session()).failures().judge(steps, now);
    if (failures.stream().anyMatch(failed -> failed.failure() instanceof ApiFailure.Permanent)) {
      // The pod is not created, so that others can have its share of the quota.
      quota.release(observed.session().uid());
    }
    return statusWriter.failed(observed, config.get(), plan, failures, now);
  }

  private ReconcileResult forget(SessionKey key) {
    preparation.forget(key);
    access.forget(key);
    return new ReconcileResult.Done();
  }
}
