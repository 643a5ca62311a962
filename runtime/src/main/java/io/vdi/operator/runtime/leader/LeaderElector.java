package io.vdi.operator.runtime.leader;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Lease;
import io.vdi.operator.common.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leader election with a Lease, by the rules of client-go. Every change of the Lease is a replace
 * with the resource version that was read, so that of two candidates one gets a conflict. A Lease
 * counts as expired when this process has not observed a change for the lease duration; the times
 * that the holder wrote are never compared with this process's clock. Unlike with client-go, a
 * process also takes the Lease of an earlier process of its container, see {@link LeaseHolder}.
 *
 * <p>All durations are elapsed time. The wall clock is only written into the Lease: if an
 * administrator or NTP sets it back, a leader must not write for longer than the renew deadline,
 * and if it is set forward, the leader must not lose the Lease.
 */
public final class LeaderElector {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderElector.class);
  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  /**
   * The times of leader election.
   *
   * @param duration how long a candidate waits after the last observed renewal
   * @param renewDeadline the holder stops when it could not renew for this long; shorter than
   *     {@code duration}, so that it stops before a candidate can start
   * @param retry the interval of renewals, and of attempts to get the Lease
   */
  public record LeaseTiming(Duration duration, Duration renewDeadline, Duration retry) {
    public static final LeaseTiming STANDARD =
        new LeaseTiming(Duration.ofSeconds(15), Duration.ofSeconds(10), Duration.ofSeconds(2));
  }

  /** How {@link #run} ended. */
  public enum TermEnd {
    RELEASED,
    /** Not renewed within the renew deadline, or another process holds the Lease. */
    LOST
  }

  private final KubeClient api;
  private final String namespace;
  private final String name;
  private final LeaseHolder self;
  private final LeaseTiming timing;
  private final InstantSource clock;
  private final LongSupplier elapsedNanos;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);

  private String observedVersion = "";
  private long observedAtNanos;
  private Optional<Lease> ours = Optional.empty();
  private FormerLeader formerLeader = FormerLeader.OTHER_REPLICA;
  private volatile long renewedAtNanos;
  private volatile boolean started;
  private volatile boolean leading;
  private volatile String lastError = "";

  /**
   * @param self this process
   * @param clock for the times in the Lease, which only people read
   * @param elapsedNanos as {@link System#nanoTime}: it never jumps
   */
  public LeaderElector(
      KubeClient api,
      LeaderElectionConfig config,
      LeaseHolder self,
      InstantSource clock,
      LongSupplier elapsedNanos) {
    this.api = api;
    this.namespace = config.namespace();
    this.name = config.leaseName();
    this.self = self;
    this.timing = config.timing();
    this.clock = clock;
    this.elapsedNanos = elapsedNanos;
  }

  /**
   * Whether this process may write now; check it before each write. It becomes false when another
   * process is seen to hold the Lease, and when the renew deadline passes, also while the renewing
   * thread hangs.
   */
  public boolean isLeader() {
    return leading && elapsedSince(renewedAtNanos) < timing.renewDeadline().toNanos();
  }

  /**
   * Waits for the Lease, calls {@code onElected} once, and renews the Lease until {@link #release}
   * is called or the Lease is lost.
   */
  public TermEnd run(Consumer<FormerLeader> onElected) throws InterruptedException {
    started = true;
    try {
      while (!tryToHold()) {
        if (stop.await(timing.retry().toMillis(), TimeUnit.MILLISECONDS)) {
          return TermEnd.RELEASED;
        }
      }
      leading = true;
      LOG.info("leading: {} holds lease {}/{}", self.name(), namespace, name);
      onElected.accept(formerLeader);
      while (!stop.await(timing.retry().toMillis(), TimeUnit.MILLISECONDS)) {
        if (!tryToHold() && !isLeader()) {
          LOG.error("lease {}/{} is lost: {}", namespace, name, lastError);
          return TermEnd.LOST;
        }
      }
      clearHolder();
      return TermEnd.RELEASED;
    } finally {
      leading = false;
      ended.countDown();
    }
  }

  /**
   * Ends {@link #run} and removes this process from the Lease, so that the next leader need not
   * wait until it expires. Returns when that is done, or after the renew deadline.
   */
  public void release() throws InterruptedException {
    stop.countDown();
    if (started && !ended.await(timing.renewDeadline().toMillis(), TimeUnit.MILLISECONDS)) {
      LOG.warn("lease {}/{} was not released in time", namespace, name);
    }
  }

  private long elapsedSince(long nanos) {
    return elapsedNanos.getAsLong() - nanos;
  }

  private boolean tryToHold() {
    long startNanos = elapsedNanos.getAsLong();
    if (ours.isPresent()) {
      // The holder need not read it first: a write in between makes this a conflict.
      ApiResult<Lease> renewed = api.replace(ResourceType.LEASE, namespace, name, body(ours));
      if (!renewed.isConflict() && !renewed.isNotFound()) {
        return held(renewed, startNanos);
      }
      ours = Optional.empty();
    }
    return switch (api.get(ResourceType.LEASE, namespace, name)) {
      case ApiResult.Ok<Lease>(Lease lease) -> takeOrRenew(lease, startNanos);
      case ApiResult.Rejected<Lease> r when r.code() == 404 ->
          held(api.create(ResourceType.LEASE, namespace, body(Optional.empty())), startNanos);
      case ApiResult.Rejected<Lease> r -> failed(r.message());
      case ApiResult.Unreachable<Lease>(String message) -> failed(message);
    };
  }

  private boolean takeOrRenew(Lease lease, long startNanos) {
    if (!lease.metadata().resourceVersion().equals(observedVersion)) {
      observedVersion = lease.metadata().resourceVersion();
      // Taken after the call: the holder may have renewed the Lease while it was under way.
      observedAtNanos = elapsedNanos.getAsLong();
    }
    String holder = lease.spec().holderIdentity();
    Duration life = Duration.ofSeconds(Math.max(1, lease.spec().leaseDurationSeconds()));
    boolean free = holder.isEmpty() || startNanos - observedAtNanos >= life.toNanos();
    if (!self.replaces(holder) && !free) {
      leading = false;
      lastError = "held by " + holder;
      return false;
    }
    // It is this process if the answer to its last attempt was lost.
    if (!holder.equals(self.name())) {
      formerLeader =
          self.replaces(holder) ? FormerLeader.EARLIER_PROCESS : FormerLeader.OTHER_REPLICA;
    }
    return held(
        api.replace(ResourceType.LEASE, namespace, name, body(Optional.of(lease))), startNanos);
  }

  private boolean held(ApiResult<Lease> result, long startNanos) {
    return switch (result) {
      case ApiResult.Ok<Lease>(Lease lease) -> {
        observedVersion = lease.metadata().resourceVersion();
        observedAtNanos = startNanos;
        ours = Optional.of(lease);
        // Taken before the call: the Lease cannot have been renewed earlier.
        renewedAtNanos = startNanos;
        lastError = "";
        yield true;
      }
      case ApiResult.Rejected<Lease> r -> failed(r.message());
      case ApiResult.Unreachable<Lease>(String message) -> failed(message);
    };
  }

  private boolean failed(String message) {
    if (!message.equals(lastError)) {
      LOG.warn("lease {}/{}: {}; trying again", namespace, name, message);
      lastError = message;
    }
    return false;
  }

  private void clearHolder() {
    leading = false;
    if (api.get(ResourceType.LEASE, namespace, name) instanceof ApiResult.Ok<Lease>(Lease lease)
        && lease.spec().holderIdentity().equals(self.name())) {
      JsonObject body = body(Optional.of(lease));
      body.getAsJsonObject("spec").addProperty("holderIdentity", "");
      body.getAsJsonObject("spec").addProperty("leaseDurationSeconds", 1);
      api.replace(ResourceType.LEASE, namespace, name, body);
      LOG.info("lease {}/{} released", namespace, name);
    }
  }

  /** The whole Lease with this process as its holder. */
  private JsonObject body(Optional<Lease> before) {
    Instant now = clock.instant();
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", name);
    metadata.addProperty("namespace", namespace);
    before.ifPresent(
        lease -> metadata.addProperty("resourceVersion", lease.metadata().resourceVersion()));
    boolean same =
        before.filter(lease -> lease.spec().holderIdentity().equals(self.name())).isPresent();
    JsonObject spec = new JsonObject();
    spec.addProperty("holderIdentity", self.name());
    spec.addProperty("leaseDurationSeconds", timing.duration().toSeconds());
    spec.addProperty("renewTime", MICRO_TIME.format(now));
    spec.addProperty(
        "leaseTransitions",
        before.map(lease -> lease.spec().leaseTransitions()).orElse(0) + (same ? 0 : 1));
    spec.addProperty(
        "acquireTime", same ? before.orElseThrow().spec().acquireTime() : MICRO_TIME.format(now));
    JsonObject body = new JsonObject();
    body.addProperty("apiVersion", ResourceType.LEASE.apiVersion());
    body.addProperty("kind", ResourceType.LEASE.kind());
    body.add("metadata", metadata);
    body.add("spec", spec);
    return body;
  }
}
