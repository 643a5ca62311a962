package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.quota.QuotaAdmitter;
import io.vdi.operator.controller.session.apply.PlanExecutor;
import io.vdi.operator.controller.session.cache.DrainChecker;
import io.vdi.operator.controller.session.host.HostAllocator;
import io.vdi.operator.controller.session.host.ReleasedHosts;
import io.vdi.operator.controller.session.plan.FailedStep;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.Plan;
import io.vdi.operator.controller.session.plan.PodHistory;
import io.vdi.operator.controller.session.plan.SessionPlanner;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.controller.usage.UsageRecorder;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * One pass over one session: claim the host, observe, ask the quotas, plan, record the use,
 * execute, write the status; docs/specification.md, section 3.
 */
public final class SessionReconciler {
  private static final Logger LOG = LoggerFactory.getLogger(SessionReconciler.class);

  private final HostAllocator hosts;
  private final ReleasedHosts releasedHosts;
  private final SessionObserver observer;
  private final DrainChecker drains;
  private final QuotaAdmitter quota;
  private final UsageRecorder usage;
  private final PlanExecutor executor;
  private final StatusWriter statusWriter;
  private final SessionMemory memory;
  private final Supplier<SessionConfig> config;
  private final InstantSource clock;
  private final AtomicLong passes = new AtomicLong();

  public SessionReconciler(
      HostAllocator hosts,
      ReleasedHosts releasedHosts,
      SessionObserver observer,
      DrainChecker drains,
      QuotaAdmitter quota,
      UsageRecorder usage,
      PlanExecutor executor,
      StatusWriter statusWriter,
      SessionMemory memory,
      Supplier<SessionConfig> config,
      InstantSource clock) {
    this.hosts = hosts;
    this.releasedHosts = releasedHosts;
    this.observer = observer;
    this.drains = drains;
    this.quota = quota;
    this.usage = usage;
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
    SessionConfig settings = config.get();
    SessionMemory.Entry remembered = memory.of(session);
    ObservedSession current =
        observer.observe(session, hosts.claim(session), settings, remembered.resync().isDue(now));
    // Before the finalizer is removed: afterwards nothing in the cluster has the session's host.
    releasedHosts.store();
    DesiredState desired = remembered.desiredState().of(current, settings);
    ObservedSession observed =
        drains.check(
            current.withHistory(history(remembered, current, desired, now)), spec(desired), now);
    ObservedSession admitted =
        SessionPlanner.wantsPod(observed, desired, now)
            ? quota.admit(observed)
            : quota.dequeue(observed);
    Plan plan = SessionPlanner.plan(admitted, desired, settings, now);
    LOG.debug("plan: {}", plan.steps());
    usage.record(admitted, plan, now);
    List<FailedStep> failures = executor.execute(session, plan);
    if (failures.isEmpty()) {
      remembered.failures().reset();
      return succeeded(admitted, plan, now);
    }
    return failed(admitted, plan, remembered.failures().judge(failures, now), now);
  }

  private static Optional<Defaults.EffectiveSpec> spec(DesiredState desired) {
    return desired instanceof DesiredState.Children children
        ? Optional.of(children.spec())
        : Optional.empty();
  }

  private static PodHistory history(
      SessionMemory.Entry remembered, ObservedSession observed, DesiredState desired, Instant now) {
    VdiSession session = observed.session();
    if (session.spec().suspended()) {
      remembered.restarts().reset();
    }
    Optional<String> podHash =
        desired instanceof DesiredState.Children children
            ? children.get(ChildKind.POD).map(DesiredObject::hash)
            : Optional.empty();
    return new PodHistory(
        remembered.restarts().observe(observed.pod(), now),
        remembered.startRetry().isDue(session, podHash, now));
  }

  private ReconcileResult succeeded(ObservedSession observed, Plan plan, Instant now) {
    if (observed.resync()) {
      memory.of(observed.session()).resync().done(now);
    }
    return statusWriter.succeeded(observed, plan, now);
  }

  private ReconcileResult failed(
      ObservedSession observed, Plan plan, List<FailedStep> failures, Instant now) {
    if (failures.stream().anyMatch(failed -> failed.failure() instanceof ApiFailure.Permanent)) {
      // The pod is not created, so that others can have its share of the quota.
      quota.release(observed.session().uid());
    }
    return statusWriter.failed(observed, config.get(), plan, failures, now);
  }

  private ReconcileResult forget(SessionKey key) {
    memory.forget(key);
    releasedHosts.store();
    return new ReconcileResult.Done();
  }
}
