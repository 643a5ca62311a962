package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.apply.PlanExecutor;
import io.vdi.operator.controller.session.plan.FailedStep;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.Plan;
import io.vdi.operator.controller.session.plan.SessionPlanner;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.runtime.workqueue.Backoff;
import io.vdi.operator.runtime.workqueue.WorkQueue;
import io.vdi.operator.runtime.workqueue.WorkerPool;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.MDC;

/**
 * Writes the Role and the RoleBinding of each session, with a queue and workers of its own.
 *
 * <p>The API server checks that the controller has the rights that it gives away, and needs more
 * than 100 ms for that while it is busy, all other writes less than 10 ms. A pass over the session
 * that waited for it would delay the status of a desktop that becomes ready, and a stop that its
 * user requests in the meantime; with an admission webhook on Roles that does not answer, by the
 * time limit of each call.
 */
public final class AccessReconciler {
  /** Enough for 60 sessions per second, and few enough to leave the API server to other writes. */
  private static final int WORKERS = 16;

  /** In a burst the pods of all sessions come first; shorter than the start of a desktop. */
  private static final Duration BURST_DELAY = Duration.ofSeconds(5);

  private final SessionObserver observer;
  private final PlanExecutor executor;
  private final SessionMetrics metrics;
  private final BurstDetector bursts;
  private final InstantSource clock;
  private final Consumer<SessionKey> onReport;
  private final WorkQueue<SessionKey> queue;
  private final WorkerPool<SessionKey> workers;
  private final ConcurrentMap<SessionKey, Entry> entries = new ConcurrentHashMap<>();

  /**
   * What a session needs, according to its last pass, and the failures so far.
   *
   * @param reported the failures that belong in the status
   */
  private record Entry(
      ObservedSession observed,
      DesiredState desired,
      SessionConfig config,
      boolean resync,
      FailureAge age,
      boolean failing,
      List<FailedStep> reported) {
    private Entry after(Optional<Entry> earlier) {
      return earlier
          .filter(entry -> entry.isOf(observed.session()))
          .map(entry ->
              new Entry(
                  observed,
                  desired,
                  config,
                  resync || entry.resync(),
                  entry.age(),
                  entry.failing(),
                  entry.reported()))
          .orElse(this);
    }

    private Entry failed(List<FailedStep> failures) {
      return new Entry(observed, desired, config, resync, age, true, failures);
    }

    private boolean isOf(VdiSession session) {
      return observed.session().uid().equals(session.uid());
    }
  }

  /**
   * @param onReport called when the failures change that belong in the status of a session
   */
  public AccessReconciler(
      SessionObserver observer,
      PlanExecutor executor,
      SessionMetrics metrics,
      BurstDetector bursts,
      Backoff backoff,
      InstantSource clock,
      Consumer<SessionKey> onReport) {
    this.observer = observer;
    this.executor = executor;
    this.metrics = metrics;
    this.bursts = bursts;
    this.clock = clock;
    this.onReport = onReport;
    this.queue = new WorkQueue<>(backoff, RandomGenerator.getDefault());
    this.workers = new WorkerPool<>("access", queue, WORKERS, this::reconcile, clock);
  }

  public void start() {
    workers.start();
  }

  /** Takes no more sessions. */
  public void close() {
    queue.close();
  }

  /**
   * Waits for the writes in progress.
   *
   * @return whether all of them finished in time
   */
  public boolean stop(Duration timeout) throws InterruptedException {
    return workers.stop(timeout);
  }

  /** A session whose writes are stuck, if there is one; see {@link WorkerPool#stuck}. */
  public Optional<SessionKey> stuck() {
    return workers.stuck();
  }

  /** The number of sessions that wait for a worker. */
  public int depth() {
    return queue.depth();
  }

  /** The number of sessions whose writes are tried again with back-off. */
  public int retrying() {
    return queue.retrying();
  }

  /**
   * Takes over the writes of a plan that give access, after its other writes.
   *
   * @param failed the other writes that failed
   * @return the failures of earlier attempts that belong in the status
   */
  List<FailedStep> request(
      ObservedSession observed,
      DesiredState desired,
      SessionConfig config,
      Plan plan,
      List<FailedStep> failed) {
    SessionKey key = SessionKey.of(observed.session());
    Plan access = plan.access();
    boolean later =
        plan.createsPod()
            || access.steps().stream().anyMatch(step -> FailedStep.anyBlocks(failed, step));
    if (later) {
      return Optional.ofNullable(entries.get(key))
          .filter(entry -> entry.isOf(observed.session()))
          .map(entry -> entry.reported())
          .orElse(List.of());
    }
    if (access.isEmpty()) {
      entries.remove(key);
      return List.of();
    }
    Entry fresh =
        new Entry(observed, desired, config, observed.resync(), new FailureAge(), false, List.of());
    Entry entry = entries.compute(key, (_, earlier) -> fresh.after(Optional.ofNullable(earlier)));
    if (!entry.failing()) {
      boolean burst = bursts.statusDelay(clock.instant()).isPositive();
      queue.addAfter(key, burst ? BURST_DELAY : Duration.ZERO);
    }
    return entry.reported();
  }

  /** The session does not exist. */
  void forget(SessionKey key) {
    entries.remove(key);
  }

  ReconcileResult reconcile(SessionKey key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return new ReconcileResult.Done();
    }
    MDC.put("session", key.toString());
    try {
      return reconcile(key, entry);
    } finally {
      MDC.clear();
    }
  }

  private ReconcileResult reconcile(SessionKey key, Entry entry) {
    Instant now = clock.instant();
    VdiSession session = entry.observed().session();
    // Without its Secret the session gets access in a pass that creates the Secret.
    List<FailedStep> failures =
        observer
            .observeAccess(entry.observed(), entry.resync())
            .filter(current -> current.ownChild(ChildKind.SECRET).isPresent())
            .map(current ->
                SessionPlanner.plan(current, entry.desired(), entry.config(), now).access())
            .map(plan -> executor.execute(session, plan))
            .orElse(List.of());
    if (!failures.isEmpty()) {
      return failed(key, entry, entry.age().judge(failures, now), now);
    }
    if (!remove(key, entry)) {
      // Another request came in the meantime.
      queue.add(key);
    } else if (!entry.reported().isEmpty()) {
      onReport.accept(key);
    }
    return new ReconcileResult.Done();
  }

  /** Removes this entry; not an equal one, because that is a later request. */
  @SuppressWarnings("ReferenceEquality")
  private boolean remove(SessionKey key, Entry entry) {
    return entries.computeIfPresent(key, (_, latest) -> latest == entry ? null : latest) == null;
  }

  private ReconcileResult failed(
      SessionKey key, Entry entry, List<FailedStep> failures, Instant now) {
    failures.forEach(failed -> metrics.error(failed.failure().reason()));
    boolean reported = entry.age().isReported(failures, now);
    entries.computeIfPresent(
        key,
        (_, latest) ->
            latest.isOf(entry.observed().session())
                ? latest.failed(reported ? failures : List.of())
                : latest);
    if (!reported) {
      return new ReconcileResult.Retry(failures.getFirst().failure().message());
    }
    if (!causes(failures).equals(causes(entry.reported()))) {
      onReport.accept(key);
    }
    return new ReconcileResult.RequeueAfter(entry.age().retryDelay(now));
  }

  private static List<Object> causes(List<FailedStep> failures) {
    return failures.stream().<Object>map(FailedStep::failure).toList();
  }
}
