package io.vdi.operator.admission.quota;

import io.vdi.operator.admission.quota.ReservationPlanner.ReservationPlan;
import io.vdi.operator.admission.quota.ReservationPlanner.ReservationRequest;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.SharedConfigMap;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaViolation;
import io.vdi.operator.common.thread.FatalErrorHandler;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Grants shares of the quotas exactly, for any number of replicas and concurrent requests. A
 * request is granted once its reservation is stored in the ConfigMap. The API server accepts a
 * write only if it is based on the latest version (resourceVersion), so that two replicas cannot
 * grant the same share. One thread decides all waiting requests together, with one write.
 *
 * <p>A reservation is deleted when its session is observed, or when this process has observed the
 * reservation for longer than a request can be in flight. That is measured as elapsed time, so
 * different clocks do no harm. docs/decisions/quota-reservations.md explains the algorithm.
 *
 * <p>A ConfigMap that was restored from a backup, or from another cluster, can name a version that
 * this API server has not reached. No cache is ever as new as that, so the version is replaced.
 */
public final class QuotaReserver implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(QuotaReserver.class);

  /** The API server gives up on a request after this time. */
  private static final Duration MAX_IN_FLIGHT = Duration.ofSeconds(60);

  private static final Duration SWEEP_INTERVAL = Duration.ofSeconds(5);
  private static final int MAX_BATCH = 500;

  /** Attempts before a batch is answered with {@code Undecided}. */
  private static final int MAX_ATTEMPTS = 40;

  private static final long MAX_JITTER_MILLIS = 20;
  private static final long IDLE = Long.MIN_VALUE;

  /** Longer than any decision takes, because each call has a time limit. */
  private static final Duration STUCK_AFTER = Duration.ofMinutes(5);

  private final SharedConfigMap map;
  private final SessionIndex sessions;
  private final Function<String, Optional<VdiTemplate>> templates;
  private final Supplier<QuotaLimits> quota;
  private final IntSupplier maxPerUser;
  private final InstantSource clock;
  private final LongSupplier elapsedNanos;
  private final RandomGenerator random = RandomGenerator.getDefault();
  private final LinkedBlockingQueue<PendingRequest> queue = new LinkedBlockingQueue<>();
  private final Map<String, Long> observedSince = new HashMap<>();
  private final Thread writer;

  /** The last version of the ConfigMap; empty if it must be read. Used by the writer only. */
  private Optional<Reservations> known = Optional.empty();

  /** The last foreign version that was logged. Used by the writer only. */
  private long loggedForeignVersion;

  private volatile boolean closed;
  private volatile long busySince = IDLE;

  private record PendingRequest(
      ReservationRequest request, CompletableFuture<ReservationResult> result) {}

  /** What the caller gets. */
  public sealed interface ReservationResult {
    record Granted() implements ReservationResult {}

    record Exceeded(List<QuotaViolation> limits) implements ReservationResult {}

    /** The request could not be decided in time. */
    record Undecided(String reason) implements ReservationResult {}
  }

  private sealed interface BatchResult {
    record Decided(ReservationPlan plan) implements BatchResult {}

    record Undecided(String reason) implements BatchResult {}
  }

  /**
   * @param namespace of the operator, which contains the ConfigMap
   * @param maxPerUser reservations of one user at the same time
   * @param elapsedNanos as {@link System#nanoTime}
   */
  public QuotaReserver(
      KubeClient api,
      String namespace,
      SessionIndex sessions,
      Function<String, Optional<VdiTemplate>> templates,
      Supplier<QuotaLimits> quota,
      IntSupplier maxPerUser,
      InstantSource clock,
      LongSupplier elapsedNanos) {
    this(
        api,
        namespace,
        sessions,
        templates,
        quota,
        maxPerUser,
        clock,
        elapsedNanos,
        FatalErrorHandler.END_PROCESS);
  }

  /**
   * @param onFatalError called when the writer dies: no request would be decided any more
   */
  QuotaReserver(
      KubeClient api,
      String namespace,
      SessionIndex sessions,
      Function<String, Optional<VdiTemplate>> templates,
      Supplier<QuotaLimits> quota,
      IntSupplier maxPerUser,
      InstantSource clock,
      LongSupplier elapsedNanos,
      FatalErrorHandler onFatalError) {
    this.writer = onFatalError.thread("reservations").unstarted(this::work);
    this.map = new SharedConfigMap(api, namespace, Reservations.NAME);
    this.sessions = sessions;
    this.templates = templates;
    this.quota = quota;
    this.maxPerUser = maxPerUser;
    this.clock = clock;
    this.elapsedNanos = elapsedNanos;
  }

  public void start() {
    writer.start();
  }

  /**
   * Whether a session with this reservation ID exists or has existed. Such an ID cannot identify
   * another request: the reservation would be released immediately.
   */
  public boolean isUsed(String reservationId) {
    return sessions.hasObserved(reservationId);
  }

  /** Whether this can be the ID of a request. Users can write any text where it is stored. */
  public static boolean isId(String reservationId) {
    return Reservations.isId(reservationId);
  }

  /**
   * Reserves a share of the quotas.
   *
   * @param id of the request, for which {@link #isId} holds; an ID is granted once
   * @param keep false for a dry run, which stores nothing
   * @param limit how long to wait for the decision
   */
  public ReservationResult reserve(String id, QuotaRequest request, boolean keep, Duration limit)
      throws InterruptedException {
    PendingRequest pending =
        new PendingRequest(new ReservationRequest(id, request, keep), new CompletableFuture<>());
    queue.add(pending);
    try {
      return pending.result().get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      pending.result().cancel(false);
      return new ReservationResult.Undecided(
          "no answer from the API server within " + Math.ceilDiv(limit.toMillis(), 1000) + " s");
    } catch (ExecutionException e) {
      throw new IllegalStateException("the quotas could not be checked", e.getCause());
    }
  }

  /** How many requests wait for the writer. */
  int pending() {
    return queue.size();
  }

  /** Why the writer makes no progress; empty if it does. */
  public String stuck() {
    long since = busySince;
    return since != IDLE && elapsedNanos.getAsLong() - since > STUCK_AFTER.toNanos()
        ? "the writer of reservations is stuck"
        : "";
  }

  private void work() {
    while (!closed) {
      List<PendingRequest> batch = new ArrayList<>();
      try {
        PendingRequest first = queue.poll(SWEEP_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        if (first != null) {
          batch.add(first);
          queue.drainTo(batch, MAX_BATCH);
        }
        // A caller that has given up would never use its share.
        batch.removeIf(pending -> pending.result().isDone());
        busySince = elapsedNanos.getAsLong();
        process(batch);
        if (batch.isEmpty()) {
          sessions.refreshHomes(quota.get().limitsStorage());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException e) {
        LOG.error("deciding on quotas failed", e);
        batch.forEach(pending -> pending.result().completeExceptionally(e));
      } finally {
        busySince = IDLE;
      }
    }
  }

  /** Decides the batch and answers its callers. An empty batch only releases reservations. */
  private void process(List<PendingRequest> batch) throws InterruptedException {
    switch (decide(batch.stream().map(PendingRequest::request).toList())) {
      case BatchResult.Decided(ReservationPlan plan) -> {
        for (int i = 0; i < batch.size(); i++) {
          batch.get(i).result().complete(result(plan, i));
        }
      }
      case BatchResult.Undecided(String reason) ->
          batch.forEach(
              pending -> pending.result().complete(new ReservationResult.Undecided(reason)));
    }
  }

  private static ReservationResult result(ReservationPlan plan, int i) {
    // First: a session that would wait in the queue needs a reservation for its home.
    if (!plan.overloads().get(i).isEmpty()) {
      return new ReservationResult.Undecided(plan.overloads().get(i));
    }
    return plan.violations().get(i).isEmpty()
        ? new ReservationResult.Granted()
        : new ReservationResult.Exceeded(plan.violations().get(i));
  }

  private BatchResult decide(List<ReservationRequest> requests) throws InterruptedException {
    QuotaLimits limits = quota.get();
    boolean homes = limits.limitsStorage();
    boolean fresh = requests.isEmpty();
    Optional<SessionIndex.Snapshot> live = Optional.empty();
    boolean listedAfterRead = false;
    boolean listRequired = false;
    if (fresh) {
      known = Optional.empty();
    }
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (known.isEmpty()) {
        known = read();
        fresh = true;
        listedAfterRead = false;
      }
      if (known.isEmpty()) {
        return new BatchResult.Undecided("the API server does not answer");
      }
      Reservations stored = known.get();
      SessionIndex.Snapshot snapshot = live.orElseGet(() -> sessions.cached(homes));
      Reservations before = listedAfterRead ? inThisHistory(stored, snapshot) : stored;
      Set<String> expired = expired(before);
      boolean outdated =
          !snapshot.complete() || snapshot.resourceVersion() < before.lastReleasedResourceVersion();
      boolean liveRequired = before.version().isEmpty() || !expired.isEmpty();
      // An outdated snapshot must grant nothing and release nothing.
      if (outdated || (live.isEmpty() && liveRequired) || (listRequired && !listedAfterRead)) {
        live = sessions.live(homes).ok();
        if (live.isEmpty()) {
          return new BatchResult.Undecided("the API server does not list sessions");
        }
        listedAfterRead = true;
        continue;
      }
      ReservationPlan plan =
          ReservationPlanner.plan(
              before,
              snapshot,
              templates,
              limits,
              requests,
              expired,
              maxPerUser.getAsInt(),
              clock.instant());
      // Others may have got the storage of a home that an outdated snapshot still shows.
      if (plan.reliesOnHomes() && !listedAfterRead) {
        listRequired = true;
        continue;
      }
      // An outdated snapshot must deny nothing either: read everything again first.
      if (plan.hasViolations() && (!fresh || live.isEmpty())) {
        known = Optional.empty();
        live = sessions.live(homes).ok();
        if (live.isEmpty()) {
          return new BatchResult.Undecided("the API server does not list sessions");
        }
        continue;
      }
      if (plan.next().equals(stored) || isWritten(plan.next(), stored)) {
        return new BatchResult.Decided(plan);
      }
      Thread.sleep(random.nextLong(MAX_JITTER_MILLIS));
    }
    return new BatchResult.Undecided("too many concurrent requests");
  }

  /**
   * The reservations without a version of another history. A released version was observed before
   * it was stored, so a list that was requested after reading it is at least as new, unless the API
   * server's data or the ConfigMap was restored from a backup.
   *
   * @param live a list of the API server that was requested after the ConfigMap was read
   */
  private Reservations inThisHistory(Reservations stored, SessionIndex.Snapshot live) {
    Reservations reset = stored.inHistoryOf(live.resourceVersion());
    long foreign = stored.lastReleasedResourceVersion();
    if (!reset.equals(stored) && loggedForeignVersion != foreign) {
      loggedForeignVersion = foreign;
      LOG.warn(
          "ConfigMap {}: version {} is newer than the API server's version {}: the cluster or the"
              + " ConfigMap was restored from a backup; discarding the version",
          Reservations.NAME,
          foreign,
          live.resourceVersion());
    }
    return reset;
  }

  /** Writes the ConfigMap. Afterwards, {@code known} is what was written, or empty. */
  private boolean isWritten(Reservations next, Reservations before) {
    ApiResult<ConfigMap> result = map.write(before.version(), next.data());
    known = result.ok().map(Reservations::of);
    if (!result.isConflict() && !result.isAlreadyExists()) {
      result
          .failure()
          .ifPresent(failure ->
              LOG.warn(
                  "quota reservations cannot be written: {}: {}",
                  failure.reason(),
                  failure.message()));
    }
    return known.isPresent();
  }

  private Optional<Reservations> read() {
    ApiResult<ConfigMap> result = map.read();
    return result.isNotFound() ? Optional.of(Reservations.NONE) : result.ok().map(Reservations::of);
  }

  /** Reservations that this process has observed for longer than a request can be in flight. */
  private Set<String> expired(Reservations reservations) {
    long now = elapsedNanos.getAsLong();
    observedSince.keySet().retainAll(reservations.entries().keySet());
    reservations.entries().keySet().forEach(id -> observedSince.putIfAbsent(id, now));
    return observedSince.entrySet().stream()
        .filter(entry -> now - entry.getValue() > MAX_IN_FLIGHT.toNanos())
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  @Override
  public void close() {
    closed = true;
    writer.interrupt();
  }
}
