package io.vdi.operator.common.lead;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.kube.LeaderElection;
import io.vdi.operator.common.kube.ResourceCache;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service of which one replica works: from its start until it is told to end, or until it has
 * lost the Lease.
 */
public final class LedService {
  private static final Logger LOG = LoggerFactory.getLogger(LedService.class);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);
  private static final String STARTING = "starting";

  /** How the service ended. */
  public enum End {
    STOPPED,
    /** Nothing may be written any more: the process has to end, the Deployment starts another. */
    LEASE_LOST
  }

  /** What the service does at the stations of its life. */
  public interface Stations {
    /** The CRDs are there, the caches are being filled. */
    void connected() throws InterruptedException;

    /** The caches are filled. */
    void ready();

    /** This replica is the one that works. */
    void elected();
  }

  private final KubeApi api;
  private final List<ResourceCache<?>> caches;
  private final boolean elects;
  private final LeaderElection election;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile String notReady = STARTING;
  private volatile boolean working;

  /**
   * @param caches to be filled before any work begins
   * @param identity see {@link Election#identity}
   * @param clock for the Lease: never one that is set right by jumps
   */
  public LedService(
      KubeApi api,
      List<ResourceCache<?>> caches,
      Election settings,
      String identity,
      InstantSource clock) {
    this.api = api;
    this.caches = caches;
    this.elects = settings.enabled();
    this.election =
        new LeaderElection(
            api, settings.namespace(), settings.leaseName(), identity, settings.timing(), clock);
  }

  /** Runs until {@link #stop}, or until the Lease is lost. */
  public End run(Stations stations) throws InterruptedException {
    if (!awaitDefinitions()) {
      return End.STOPPED;
    }
    caches.forEach(ResourceCache::start);
    stations.connected();
    if (!awaitCaches()) {
      return End.STOPPED;
    }
    notReady = "";
    stations.ready();
    Runnable work =
        () -> {
          working = true;
          stations.elected();
        };
    if (!elects) {
      work.run();
      closing.await();
      return End.STOPPED;
    }
    return switch (election.run(work)) {
      case RELEASED -> End.STOPPED;
      case LOST -> End.LEASE_LOST;
    };
  }

  /** Whether this replica has begun to work, and still may write. Ask it before each write. */
  public boolean mayWrite() {
    return working && (!elects || election.isLeader());
  }

  public boolean hasWorked() {
    return working;
  }

  /** Why it has not started, or empty where it has. */
  public String whyNotStarted() {
    return notReady.equals(STARTING) ? notReady : "";
  }

  /** Why it is not ready, or empty where it is. */
  public String whyNotReady() {
    return caches.stream()
        .filter(cache -> !cache.trouble().isEmpty())
        .findFirst()
        .map(cache -> "watching " + cache.kind().fullName() + ": " + cache.trouble())
        .orElse(notReady);
  }

  /** Begins nothing new; {@link #run} ends when the Lease has been given back. */
  public void stop() {
    closing.countDown();
  }

  /** Gives the Lease back, when all that was under way is finished. */
  public void release() throws InterruptedException {
    if (elects) {
      election.release();
    }
  }

  private boolean awaitDefinitions() throws InterruptedException {
    for (Kind<?> kind : List.of(Kind.SESSION, Kind.TEMPLATE)) {
      ApiResult<Boolean> served = api.serves(kind);
      while (!(served instanceof ApiResult.Ok<Boolean>(Boolean yes) && yes)) {
        say(
            served
                .failure()
                .map(why -> "the API server cannot be asked: " + why.message())
                .orElse(
                    "the cluster has no "
                        + kind.fullName()
                        + ": apply the CRDs in charts/vdi-operator/crds"));
        if (closing.await(LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS)) {
          return false;
        }
        served = api.serves(kind);
      }
    }
    say("filling the caches");
    return true;
  }

  private boolean awaitCaches() throws InterruptedException {
    while (!caches.stream().allMatch(ResourceCache::isSynced)) {
      if (closing.await(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return true;
  }

  private void say(String reason) {
    if (!notReady.equals(reason)) {
      notReady = reason;
      LOG.info("not ready: {}", reason);
    }
  }
}
