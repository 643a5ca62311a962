package io.vdi.operator.controller.usage;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.usage.UsageEnd;
import io.vdi.operator.controller.session.plan.Action;
import io.vdi.operator.controller.session.plan.ChildState;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.Plan;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records intervals of use; docs/specification.md, section 9. The interval of a desktop is
 * identified by the UID of its pod, and its times are those of the API, so that a leader that takes
 * over continues where the former one stopped. The end is written before the pod is stopped: if
 * this process ends in between, the next leader finds the pod and corrects the end.
 *
 * <p>What is refused stops nothing. It is tried again with the next pass, and by {@link #sweep}
 * when the session is gone.
 */
public final class UsageRecorder {
  private static final Logger LOG = LoggerFactory.getLogger(UsageRecorder.class);

  /**
   * A difference below it is that between two clocks, or between the write of the end and the stop
   * itself, and is not worth a write.
   */
  private static final Duration TOLERANCE = Duration.ofSeconds(2);

  private final UsageStore store;
  private final BooleanSupplier recording;
  private final BooleanSupplier mayWrite;
  private final UsageMetrics metrics;

  /** The pod that this process has last seen running, by the UID of the session. */
  private final Map<String, String> seen = new ConcurrentHashMap<>();

  /** The last interval with an end whose pod may still exist, by the UID of the session. */
  private final Map<String, VdiUsage> ended = new ConcurrentHashMap<>();

  /** The pod whose interval was read because it is not ready, by the UID of the session. */
  private final Map<String, String> read = new ConcurrentHashMap<>();

  /** The ends that are not written yet, by the name of the interval. */
  private final Map<String, Instant> pending = new ConcurrentHashMap<>();

  private volatile Optional<Instant> heartbeat = Optional.empty();
  private volatile String lastFailure = "";

  /**
   * @param recording whether new intervals are recorded; those that exist are always ended
   * @param mayWrite whether this replica leads
   */
  UsageRecorder(
      UsageStore store, BooleanSupplier recording, BooleanSupplier mayWrite, UsageMetrics metrics) {
    this.store = store;
    this.recording = recording;
    this.mayWrite = mayWrite;
    this.metrics = metrics;
  }

  /**
   * Reads until when the former leader has recorded. Must be called before the first pass.
   *
   * @return why it could not be read
   */
  public Optional<ApiFailure> takeOver() {
    ApiResult<Optional<Instant>> result = store.readHeartbeat();
    result.ok().ifPresent(until -> heartbeat = until);
    return result.failure();
  }

  /**
   * Records what is known about the desktop of a session. Must be called before the plan is
   * executed, so that the end is written before the pod is stopped.
   *
   * @param now by the clock of the API server
   */
  public void record(ObservedSession observed, Plan plan, Instant now) {
    record(
        observed.session(),
        observed.child(ChildKind.POD).filter(ChildState::isOurs).flatMap(child -> observed.pod()),
        observed.template().map(found -> found.spec().gpu().deviceClassName()).orElse(""),
        plan.podStop(),
        now);
  }

  /**
   * @param deviceClass of the template; for a pod with a claim of devices
   */
  void record(
      VdiSession session,
      Optional<Pod> pod,
      String deviceClass,
      Optional<Action> stop,
      Instant now) {
    if (!store.isKnown()) {
      return;
    }
    for (VdiUsage usage : store.openOf(session.uid())) {
      if (pod.filter(current -> current.uid().equals(usage.name())).isEmpty()) {
        UsageEnd why =
            wasSeen(usage)
                ? Ending.why(session, usage.spec().start(), Optional.empty(), Optional.empty())
                : UsageEnd.LOST;
        end(usage, Optional.of(new Ending(goneAt(usage, now), why)));
      }
    }
    pod.ifPresent(current -> record(session, current, deviceClass, stop, now));
  }

  private void record(
      VdiSession session, Pod pod, String deviceClass, Optional<Action> stop, Instant now) {
    seen.put(session.uid(), pod.uid());
    Optional<Instant> end = endOf(pod, stop.isPresent(), now);
    if (end.isEmpty()) {
      pending.remove(pod.uid());
    }
    Optional<VdiUsage> known = store.open(pod.uid()).or(() -> endedInterval(session, pod));
    Optional<VdiUsage> recorded =
        known
            .or(() ->
                IntervalOfPod.of(session, pod, deviceClass)
                    .filter(any -> recording.getAsBoolean())
                    .map(open -> withEnd(open, session, pod, stop, end))
                    .flatMap(interval -> create(pod.uid(), interval)))
            .or(() -> formerInterval(session, pod));
    if (recorded.isEmpty()) {
      return;
    }
    VdiUsage usage = recorded.get();
    if (!usage.isOpen()) {
      if (differs(usage, end)) {
        correct(usage, session, stop, now);
      }
    } else if (end.isPresent()) {
      UsageEnd why = Ending.why(session, usage.spec().start(), Optional.of(pod), stop);
      end(usage, Optional.of(new Ending(end.get(), why)))
          .filter(other -> !other.isOpen() && differs(other, end))
          .ifPresent(other -> correct(other, session, stop, now));
    }
  }

  private static VdiUsage.Spec withEnd(
      VdiUsage.Spec open,
      VdiSession session,
      Pod pod,
      Optional<Action> stop,
      Optional<Instant> end) {
    return end.map(time ->
            new VdiUsage.Spec(
                open.session(),
                open.user(),
                open.groups(),
                open.template(),
                open.gpu(),
                open.start(),
                time.isBefore(open.start()) ? open.start() : seconds(time),
                Ending.why(session, open.start(), Optional.of(pod), stop).text()))
        .orElse(open);
  }

  private Optional<VdiUsage> endedInterval(VdiSession session, Pod pod) {
    return Optional.ofNullable(ended.get(session.uid()))
        .filter(usage -> usage.name().equals(pod.uid()));
  }

  /**
   * The interval of a desktop that is not ready any more, which a former leader may have ended
   * before it could stop the pod. Read once.
   */
  private Optional<VdiUsage> formerInterval(VdiSession session, Pod pod) {
    boolean hasRun = pod.hasStarted() || pod.isFinished() || pod.metadata().isDeleting();
    if (!hasRun || pod.uid().equals(read.put(session.uid(), pod.uid()))) {
      return Optional.empty();
    }
    return reread(pod.uid());
  }

  /** When the desktop ended or is about to end; empty while it runs. */
  private Optional<Instant> endOf(Pod pod, boolean stopping, Instant now) {
    if (pod.endedAt().isPresent()) {
      return pod.endedAt();
    }
    if (pod.isFinished()) {
      return Optional.of(pending.getOrDefault(pod.uid(), now));
    }
    return stopping ? Optional.of(now) : Optional.empty();
  }

  /** The first time at which this process has seen that the pod is gone. */
  private Instant goneAt(VdiUsage usage, Instant now) {
    return pending.computeIfAbsent(
        usage.name(),
        any ->
            wasSeen(usage)
                ? now
                // It disappeared before this process worked, so nobody knows when.
                : heartbeat
                    .map(until -> until.isBefore(now) ? until : now)
                    .orElse(usage.spec().start()));
  }

  private boolean wasSeen(VdiUsage usage) {
    return usage.name().equals(seen.get(usage.spec().session().uid()));
  }

  private static boolean differs(VdiUsage usage, Optional<Instant> end) {
    Instant known = usage.spec().endedAt().orElseThrow();
    return end.map(time -> Duration.between(known, time).abs().compareTo(TOLERANCE) >= 0)
        .orElse(true);
  }

  /**
   * Corrects the end that was written before the pod was stopped: it was not stopped then. Reads
   * the pod from the API server: another leader may have written the end, and this watch may be
   * older than that.
   */
  private void correct(VdiUsage usage, VdiSession session, Optional<Action> stop, Instant now) {
    ApiResult<Pod> live = store.livePod(usage.spec().session().key());
    live.failure().filter(any -> !live.isNotFound()).ifPresent(this::failed);
    live.ok()
        .filter(pod -> pod.uid().equals(usage.name()))
        .ifPresent(pod -> {
          Optional<Instant> end = endOf(pod, stop.isPresent(), now);
          if (differs(usage, end)) {
            end(
                usage,
                end.map(time ->
                    new Ending(
                        time, Ending.why(session, usage.spec().start(), Optional.of(pod), stop))));
          }
        });
  }

  /**
   * Records a new interval.
   *
   * @return the interval as it is recorded, also if another process has done so; empty if that
   *     failed
   */
  private Optional<VdiUsage> create(String name, VdiUsage.Spec interval) {
    if (!mayWrite.getAsBoolean()) {
      return Optional.empty();
    }
    ApiResult<VdiUsage> created = store.create(name, interval);
    if (created.isAlreadyExists()) {
      return reread(name);
    }
    created.failure().ifPresent(this::failed);
    created
        .ok()
        .ifPresent(usage -> {
          metrics.started(usage);
          written(usage);
        });
    return created.ok();
  }

  /**
   * Writes an end, or removes it.
   *
   * @return the interval if another leader has ended it in the meantime; then this is not written
   */
  private Optional<VdiUsage> end(VdiUsage usage, Optional<Ending> ending) {
    if (!mayWrite.getAsBoolean()) {
      return Optional.empty();
    }
    ApiResult<VdiUsage> result = write(usage, ending);
    if (result.isConflict()) {
      Optional<VdiUsage> live = reread(usage.name());
      if (live.filter(VdiUsage::isOpen).isEmpty() || ending.isEmpty()) {
        return live;
      }
      result = write(live.get(), ending);
    }
    result.ok().ifPresent(this::written);
    if (result.isNotFound()) {
      pending.remove(usage.name());
    } else if (result.failure().isPresent()) {
      ending.ifPresent(end -> pending.put(usage.name(), end.at()));
      failed(result.failure().get());
    }
    return Optional.empty();
  }

  private ApiResult<VdiUsage> write(VdiUsage usage, Optional<Ending> ending) {
    Instant start = usage.spec().start();
    return store.end(
        usage,
        ending.map(
            end -> new Ending(end.at().isBefore(start) ? start : seconds(end.at()), end.why())));
  }

  private Optional<VdiUsage> reread(String name) {
    ApiResult<VdiUsage> live = store.read(name);
    live.failure().filter(any -> !live.isNotFound()).ifPresent(this::failed);
    live.ok().ifPresent(this::remember);
    return live.ok();
  }

  private void written(VdiUsage usage) {
    lastFailure = "";
    usage.spec().endedAt().ifPresent(end -> metrics.ended(usage, end));
    remember(usage);
  }

  private void remember(VdiUsage usage) {
    String session = usage.spec().session().uid();
    if (usage.isOpen()) {
      ended.computeIfPresent(
          session, (any, known) -> known.name().equals(usage.name()) ? null : known);
    } else {
      pending.remove(usage.name());
      ended.put(session, usage);
    }
  }

  private void failed(ApiFailure failure) {
    metrics.failed(failure.reason());
    if (!failure.message().equals(lastFailure)) {
      lastFailure = failure.message();
      LOG.warn("usage cannot be recorded: {}; trying again", failure.message());
    }
  }

  /** The session with this UID does not exist any more. */
  public void forget(String session) {
    seen.remove(session);
    read.remove(session);
    ended.remove(session);
  }

  /**
   * Ends the intervals whose sessions are gone, and writes until when all ends have been recorded.
   *
   * @param now by the clock of the API server
   */
  void sweep(Instant now) {
    if (!store.isKnown() || !mayWrite.getAsBoolean()) {
      return;
    }
    Set<String> unwritten = new HashSet<>(pending.keySet());
    List<VdiUsage> open = store.open();
    open.forEach(usage -> unwritten.remove(usage.name()));
    // Their intervals were ended or deleted by others.
    pending.keySet().removeAll(unwritten);
    for (VdiUsage usage : open) {
      VdiUsage.Session session = usage.spec().session();
      Optional<Pod> pod =
          store.pod(session.key()).filter(current -> current.uid().equals(usage.name()));
      Optional<Instant> end =
          pod.map(current -> endOf(current, false, now))
              .orElseGet(() -> Optional.of(goneAt(usage, now)));
      if (pod.isPresent()) {
        seen.put(session.uid(), usage.name());
      }
      end.ifPresentOrElse(
          time -> pending.putIfAbsent(usage.name(), time), () -> pending.remove(usage.name()));
      metrics.counted(usage, end.orElse(now));
      if (end.isPresent() && !store.hasSession(session)) {
        end(
            usage,
            Optional.of(new Ending(end.get(), wasSeen(usage) ? UsageEnd.DELETED : UsageEnd.LOST)));
        forget(session.uid());
      }
    }
    Instant until = seconds(pending.values().stream().min(Instant::compareTo).orElse(now));
    if (heartbeat.filter(known -> !known.isBefore(until)).isEmpty()) {
      ApiResult<Instant> written = store.writeHeartbeat(until);
      written.failure().ifPresent(this::failed);
    }
  }

  private static Instant seconds(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS);
  }
}
