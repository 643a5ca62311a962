package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.quota.QuotaAdmitter;
import io.vdi.operator.controller.session.apply.PlanExecutor;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.Plan;
import io.vdi.operator.controller.session.plan.SessionPlanner;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * One pass over one session: claim the host, observe, ask the quotas, plan, execute, write the
 * status; docs/specification.md, section 3.
 */
public final class SessionReconciler {
  private static final Logger LOG = LoggerFactory.getLogger(SessionReconciler.class);

  private final HostAllocator hosts;
  private final SessionObserver observer;
  private final QuotaAdmitter quota;
  private final PlanExecutor executor;
  private final StatusWriter statusWriter;
  private final SessionMemory memory;
  private final Supplier<SessionConfig> config;
  private final InstantSource clock;
  private final AtomicLong passes = new AtomicLong();

  public SessionReconciler(
      HostAllocator hosts,
      SessionObserver observer,
      QuotaAdmitter quota,
      PlanExecutor executor,
      StatusWriter statusWriter,
      SessionMemory memory,
      Supplier<SessionConfig> config,
      InstantSource clock) {
    this.hosts = hosts;
    this.observer = observer;
    this.quota = quota;
    this.executor = executor;
    this.statusWriter = statusWriter;
    this.memory = memory;
    this.config = config;
    this.clock = clock;
  }

  /** Takes over the hosts of the previous leader. Must be called before the first pass. */
  public void restore() {
    hosts.restore().forEach(memory::of);
  }

  public ReconcileResult reconcile(SessionKey key) {
    MDC.put("session", key.toString());
    MDC.put("reconcile", Long.toString(passes.incrementAndGet(), 36));
    try {
      return observer.find(key).map(this::pass).orElseGet(() -> forget(key));
    } finally {
      MDC.clear();
    }
  }

  private ReconcileResult pass(VdiSession session) {
    Instant now = clock.instant();
    SessionConfig current = config.get();
    SessionMemory.Entry remembered = memory.of(session);
    ObservedSession observed =
        observer.observe(session, hosts.claim(session), current, remembered.resync().isDue(now));
    DesiredState desired = remembered.desiredState().of(observed, current);
    ObservedSession admitted =
        SessionPlanner.wantsPod(observed, desired)
            ? quota.admit(observed)
            : quota.dequeue(observed);
    Plan plan = SessionPlanner.plan(admitted, desired, current, now);
    LOG.debug("plan: {}", plan.stages());
    Optional<ApiFailure> failure = executor.execute(session, plan);
    return failure
        .map(cause -> failed(admitted, plan, cause, now))
        .orElseGet(() -> succeeded(admitted, plan, now));
  }

  private ReconcileResult succeeded(ObservedSession observed, Plan plan, Instant now) {
    if (observed.resync()) {
      memory.of(observed.session()).resync().done(now);
    }
    return statusWriter.succeeded(observed, plan, now);
  }

  private ReconcileResult failed(
      ObservedSession observed, Plan plan, ApiFailure failure, Instant now) {
    if (failure instanceof ApiFailure.Permanent) {
      // The pod is not created, so that others can have its share of the quota.
      quota.release(observed.session().uid());
    }
    return statusWriter.failed(observed, plan, failure, now);
  }

  private ReconcileResult forget(SessionKey key) {
    memory.forget(key);
    return new ReconcileResult.Done();
  }
}
