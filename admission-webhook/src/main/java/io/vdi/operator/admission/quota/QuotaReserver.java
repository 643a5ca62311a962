package io.vdi.operator.admission.quota;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaViolation;
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
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Grants shares of the quotas, exactly, whatever number of replicas does so at once. A grant counts
 * when it stands in the ConfigMap, which the API server takes only from whoever has seen the
 * version before (resourceVersion). All requests that wait here are decided together and cost one
 * write.
 *
 * <p>A grant is taken out again when its session can be seen, or when it has been observed here for
 * longer than any request can be in flight: by this process's own clock of elapsed time, so that
 * clocks that differ do no harm.
 */
public final class QuotaReserver implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(QuotaReserver.class);

  /** The API server gives up on a request after this time. */
  private static final Duration IN_FLIGHT = Duration.ofSeconds(60);

  private static final Duration SWEEP = Duration.ofSeconds(5);
  private static final int TOGETHER = 500;

  /** Lost races before we say that it cannot be done now. */
  private static final int ATTEMPTS = 40;

  private static final long MAX_JITTER_MILLIS = 20;
  private static final long NOT_BUSY = Long.MIN_VALUE;

  /** No decision takes that long: every call has a limit of its own. */
  private static final Duration STUCK = Duration.ofMinutes(5);

  private final KubeClient api;
  private final String namespace;
  private final SessionIndex sessions;
  private final Function<String, Optional<VdiTemplate>> templates;
  private final Supplier<QuotaLimits> quota;
  private final InstantSource clock;
  private final LongSupplier elapsedNanos;
  private final RandomGenerator random;
  private final LinkedBlockingQueue<Waiting> queue = new LinkedBlockingQueue<>();
  private final Map<String, Long> observedSince = new HashMap<>();
  private final Thread writer = Thread.ofVirtual().name("reservations").unstarted(this::work);
  private Optional<Reservations> known = Optional.empty();
  private volatile boolean closed;
  private volatile long busySince = NOT_BUSY;

  private record Waiting(
      ReservationPlanner.ReservationRequest wish, CompletableFuture<ReservationResult> outcome) {}

  /** What became of a wish. */
  public sealed interface ReservationResult {
    record Granted() implements ReservationResult {}

    record Exceeded(List<QuotaViolation> limits) implements ReservationResult {}

    /** It could not be decided in time. */
    record Undecided(String why) implements ReservationResult {}
  }

  /**
   * @param namespace of the operator, where the ConfigMap stands
   * @param elapsedNanos as {@link System#nanoTime}
   * @param random for the wait after a lost race
   */
  public QuotaReserver(
      KubeClient api,
      String namespace,
      SessionIndex sessions,
      Function<String, Optional<VdiTemplate>> templates,
      Supplier<QuotaLimits> quota,
      InstantSource clock,
      LongSupplier elapsedNanos,
      RandomGenerator random) {
    this.api = api;
    this.namespace = namespace;
    this.sessions = sessions;
    this.templates = templates;
    this.quota = quota;
    this.clock = clock;
    this.elapsedNanos = elapsedNanos;
    this.random = random;
  }

  public void start() {
    writer.start();
  }

  /**
   * Reserves a share, or tells which limits stand in its way.
   *
   * @param id of the request; the same id is granted once
   * @param keep false to be told only
   */
  public ReservationResult reserve(String id, QuotaRequest share, boolean keep, Duration patience)
      throws InterruptedException {
    Waiting waiting =
        new Waiting(
            new ReservationPlanner.ReservationRequest(id, share, keep), new CompletableFuture<>());
    queue.add(waiting);
    try {
      return waiting.outcome().get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      waiting.outcome().cancel(false);
      return new ReservationResult.Undecided(
          "no answer from the API server within " + patience.toSeconds() + " s");
    } catch (ExecutionException e) {
      throw new IllegalStateException("the quotas could not be looked at", e.getCause());
    }
  }

  /** Why the writer does not move; empty where it does. */
  public String stuck() {
    long since = busySince;
    return since != NOT_BUSY && elapsedNanos.getAsLong() - since > STUCK.toNanos()
        ? "the writer of reservations is stuck"
        : "";
  }

  private void work() {
    while (!closed) {
      List<Waiting> batch = new ArrayList<>();
      try {
        Waiting first = queue.poll(SWEEP.toMillis(), TimeUnit.MILLISECONDS);
        if (first != null) {
          batch.add(first);
          queue.drainTo(batch, TOGETHER);
        }
        // Whoever waits no longer must not be given a share that nobody would use.
        batch.removeIf(waiting -> waiting.outcome().isDone());
        busySince = elapsedNanos.getAsLong();
        decide(batch);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException e) {
        LOG.error("deciding on quotas failed", e);
        batch.forEach(waiting -> waiting.outcome().completeExceptionally(e));
      } finally {
        busySince = NOT_BUSY;
      }
    }
  }

  private void decide(List<Waiting> batch) throws InterruptedException {
    List<ReservationPlanner.ReservationRequest> wishes = batch.stream().map(Waiting::wish).toList();
    boolean fresh = batch.isEmpty();
    Optional<SessionIndex.Snapshot> live = Optional.empty();
    if (fresh) {
      known = Optional.empty();
    }
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (known.isEmpty()) {
        known = read();
        if (known.isEmpty()) {
          answer(batch, new ReservationResult.Undecided("the API server does not answer"));
          return;
        }
        fresh = true;
      }
      Reservations before = known.get();
      Set<String> expired = expired(before);
      SessionIndex.Snapshot view = live.orElseGet(sessions::cached);
      // An old view may refuse nobody, let nobody in, and forget nobody.
      boolean behind = view.position() < before.dropped();
      if (behind || (live.isEmpty() && (before.version().isEmpty() || !expired.isEmpty()))) {
        live = sessions.live();
        if (live.isEmpty()) {
          answer(batch, new ReservationResult.Undecided("the API server does not list sessions"));
          return;
        }
        continue;
      }
      ReservationPlanner.ReservationPlan verdict =
          ReservationPlanner.judge(
              before, view, templates, quota.get(), wishes, expired, clock.instant());
      if (verdict.refusesAny() && (!fresh || live.isEmpty())) {
        known = Optional.empty();
        live = sessions.live();
        if (live.isEmpty()) {
          answer(batch, new ReservationResult.Undecided("the API server does not list sessions"));
          return;
        }
        continue;
      }
      if (!verdict.next().equals(before) && !isWritten(verdict.next(), before)) {
        Thread.sleep(random.nextLong(MAX_JITTER_MILLIS));
        continue;
      }
      for (int i = 0; i < batch.size(); i++) {
        List<QuotaViolation> excess = verdict.refusals().get(i);
        batch
            .get(i)
            .outcome()
            .complete(
                excess.isEmpty()
                    ? new ReservationResult.Granted()
                    : new ReservationResult.Exceeded(excess));
      }
      return;
    }
    answer(batch, new ReservationResult.Undecided("too many others ask at the same time"));
  }

  /** Whether it was taken; whatever happened, what is known is right afterwards. */
  private boolean isWritten(Reservations next, Reservations before) {
    ApiResult<ConfigMap> result =
        before.version().isEmpty()
            ? api.create(ResourceType.CONFIG_MAP, namespace, next.json(namespace))
            : api.replace(
                ResourceType.CONFIG_MAP, namespace, Reservations.NAME, next.json(namespace));
    known = result.ok().map(Reservations::of);
    if (known.isEmpty() && !result.isConflict() && !result.isAlreadyExists()) {
      LOG.warn(
          "quota reservations cannot be written: {}",
          result.failure().map(why -> why.reason() + ": " + why.message()).orElse(""));
    }
    return known.isPresent();
  }

  private Optional<Reservations> read() {
    ApiResult<ConfigMap> result = api.get(ResourceType.CONFIG_MAP, namespace, Reservations.NAME);
    return result.isNotFound() ? Optional.of(Reservations.NONE) : result.ok().map(Reservations::of);
  }

  /** Reservations that this process has known for longer than a request can take. */
  private Set<String> expired(Reservations reservations) {
    long now = elapsedNanos.getAsLong();
    observedSince.keySet().retainAll(reservations.entries().keySet());
    reservations.entries().keySet().forEach(id -> observedSince.putIfAbsent(id, now));
    return observedSince.entrySet().stream()
        .filter(entry -> now - entry.getValue() > IN_FLIGHT.toNanos())
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static void answer(List<Waiting> batch, ReservationResult outcome) {
    batch.forEach(waiting -> waiting.outcome().complete(outcome));
  }

  @Override
  public void close() {
    closed = true;
    writer.interrupt();
  }
}
