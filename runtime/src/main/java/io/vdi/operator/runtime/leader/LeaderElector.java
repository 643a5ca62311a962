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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leader election by a Lease, by the rules of client-go: every change of the Lease is a replace at
 * the resource version that was read, so that of two candidates one loses; and whether a holder
 * still lives is judged by when WE last saw the Lease change, never by comparing our clock with the
 * holder's.
 */
public final class LeaderElector {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderElector.class);
  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  /**
   * @param duration how long a silent holder is believed to live
   * @param renewDeadline after how long without a renewal the holder gives up; shorter than {@code
   *     duration}, so that it stops before another can start
   * @param retry how often to try
   */
  public record LeaseTiming(Duration duration, Duration renewDeadline, Duration retry) {
    public static final LeaseTiming STANDARD =
        new LeaseTiming(Duration.ofSeconds(15), Duration.ofSeconds(10), Duration.ofSeconds(2));
  }

  /** How a term ended. */
  public enum TermEnd {
    RELEASED,
    LOST
  }

  private final KubeClient api;
  private final String namespace;
  private final String name;
  private final String identity;
  private final LeaseTiming timing;
  private final InstantSource clock;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);

  private String seenVersion = "";
  private Instant seenAt = Instant.EPOCH;
  private Optional<Lease> ours = Optional.empty();
  private volatile Instant renewedAt = Instant.EPOCH;
  private volatile boolean started;
  private volatile boolean leading;
  private volatile String trouble = "";

  /**
   * @param identity see {@link LeaderElectionConfig#identity}
   * @param clock one that does not jump
   */
  public LeaderElector(
      KubeClient api, LeaderElectionConfig config, String identity, InstantSource clock) {
    this.api = api;
    this.namespace = config.namespace();
    this.name = config.leaseName();
    this.identity = identity;
    this.timing = config.timing();
    this.clock = clock;
  }

  /**
   * Whether we may write now. Turns false by itself when the Lease could not be renewed in time,
   * also while the renewing thread hangs: ask it before each write.
   */
  public boolean isLeader() {
    return leading && clock.instant().isBefore(renewedAt.plus(timing.renewDeadline()));
  }

  /**
   * Waits for the Lease, calls {@code onElected} once, and holds the Lease until {@link #release}
   * or until it is lost.
   */
  public TermEnd run(Runnable onElected) throws InterruptedException {
    started = true;
    try {
      while (!tryToHold()) {
        if (stop.await(timing.retry().toMillis(), TimeUnit.MILLISECONDS)) {
          return TermEnd.RELEASED;
        }
      }
      leading = true;
      LOG.info("leading: {} holds lease {}/{}", identity, namespace, name);
      onElected.run();
      while (!stop.await(timing.retry().toMillis(), TimeUnit.MILLISECONDS)) {
        if (!tryToHold() && !isLeader()) {
          LOG.error("lease {}/{} is lost: {}", namespace, name, trouble);
          return TermEnd.LOST;
        }
      }
      giveUp();
      return TermEnd.RELEASED;
    } finally {
      leading = false;
      ended.countDown();
    }
  }

  /**
   * Gives the Lease back, so that another need not wait for it to expire. Returns when that is
   * done.
   */
  public void release() throws InterruptedException {
    stop.countDown();
    if (started && !ended.await(timing.renewDeadline().toMillis(), TimeUnit.MILLISECONDS)) {
      LOG.warn("lease {}/{} was not released in time", namespace, name);
    }
  }

  private boolean tryToHold() {
    Instant now = clock.instant();
    if (ours.isPresent()) {
      // A holder need not look first: who wrote in between makes this a conflict.
      ApiResult<Lease> renewed = api.replace(ResourceType.LEASE, namespace, name, body(ours, now));
      if (!renewed.isConflict() && !renewed.isNotFound()) {
        return held(renewed, now);
      }
      ours = Optional.empty();
    }
    return switch (api.get(ResourceType.LEASE, namespace, name)) {
      case ApiResult.Ok<Lease>(Lease lease) -> takeOrRenew(lease, now);
      case ApiResult.Rejected<Lease> r when r.code() == 404 ->
          held(api.create(ResourceType.LEASE, namespace, body(Optional.empty(), now)), now);
      case ApiResult.Rejected<Lease> r -> trouble(r.message());
      case ApiResult.Unreachable<Lease>(String message) -> trouble(message);
    };
  }

  private boolean takeOrRenew(Lease lease, Instant now) {
    if (!lease.metadata().resourceVersion().equals(seenVersion)) {
      seenVersion = lease.metadata().resourceVersion();
      seenAt = now;
    }
    String holder = lease.spec().holderIdentity();
    Duration life = Duration.ofSeconds(Math.max(1, lease.spec().leaseDurationSeconds()));
    boolean free = holder.isEmpty() || !now.isBefore(seenAt.plus(life));
    if (!holder.equals(identity) && !free) {
      trouble = "held by " + holder;
      return false;
    }
    return held(
        api.replace(ResourceType.LEASE, namespace, name, body(Optional.of(lease), now)), now);
  }

  private boolean held(ApiResult<Lease> result, Instant now) {
    return switch (result) {
      case ApiResult.Ok<Lease>(Lease lease) -> {
        seenVersion = lease.metadata().resourceVersion();
        seenAt = now;
        ours = Optional.of(lease);
        // The time before the call: the Lease runs from then at the earliest.
        renewedAt = now;
        trouble = "";
        yield true;
      }
      case ApiResult.Rejected<Lease> r -> trouble(r.message());
      case ApiResult.Unreachable<Lease>(String message) -> trouble(message);
    };
  }

  private boolean trouble(String message) {
    if (!message.equals(trouble)) {
      LOG.warn("lease {}/{}: {}; trying again", namespace, name, message);
      trouble = message;
    }
    return false;
  }

  private void giveUp() {
    leading = false;
    if (api.get(ResourceType.LEASE, namespace, name) instanceof ApiResult.Ok<Lease>(Lease lease)
        && lease.spec().holderIdentity().equals(identity)) {
      JsonObject body = body(Optional.of(lease), clock.instant());
      body.getAsJsonObject("spec").addProperty("holderIdentity", "");
      body.getAsJsonObject("spec").addProperty("leaseDurationSeconds", 1);
      api.replace(ResourceType.LEASE, namespace, name, body);
      LOG.info("lease {}/{} released", namespace, name);
    }
  }

  private JsonObject body(Optional<Lease> before, Instant now) {
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", name);
    metadata.addProperty("namespace", namespace);
    before.ifPresent(
        lease -> metadata.addProperty("resourceVersion", lease.metadata().resourceVersion()));
    boolean same =
        before.filter(lease -> lease.spec().holderIdentity().equals(identity)).isPresent();
    JsonObject spec = new JsonObject();
    spec.addProperty("holderIdentity", identity);
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
