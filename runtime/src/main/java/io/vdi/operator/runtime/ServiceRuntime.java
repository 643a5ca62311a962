package io.vdi.operator.runtime;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;
import io.vdi.operator.runtime.leader.LeaderElector;
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
public final class ServiceRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceRuntime.class);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);
  private static final String STARTING = "starting";

  /** How the service ended. */
  public enum ExitReason {
    STOPPED,
    /** Nothing may be written any more: the process has to end, the Deployment starts another. */
    LEASE_LOST
  }

  /** What the service does at the stations of its life. */
  public interface Lifecycle {
    /** The CRDs are there, the caches are being filled. */
    void connected() throws InterruptedException;

    /** The caches are filled. */
    void ready();

    /** This replica is the one that works. */
    void elected();
  }

  private final KubeClient api;
  private final List<ResourceCache<?>> caches;
  private final boolean elects;
  private final LeaderElector election;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile String notReady = STARTING;
  private volatile boolean working;

  /**
   * @param caches to be filled before any work begins
   * @param identity see {@link LeaderElectionConfig#identity}
   * @param clock for the Lease: never one that is set right by jumps
   */
  public ServiceRuntime(
      KubeClient api,
      List<ResourceCache<?>> caches,
      LeaderElectionConfig settings,
      String identity,
      InstantSource clock) {
    this.api = api;
    this.caches = caches;
    this.elects = settings.enabled();
    this.election =
        new LeaderElector(
            api, settings.namespace(), settings.leaseName(), identity, settings.timing(), clock);
  }

  /** Runs until {@link #stop}, or until the Lease is lost. */
  public ExitReason run(Lifecycle stations) throws InterruptedException {
    if (!awaitDefinitions()) {
      return ExitReason.STOPPED;
    }
    caches.forEach(ResourceCache::start);
    stations.connected();
    if (!awaitCaches()) {
      return ExitReason.STOPPED;
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
      return ExitReason.STOPPED;
    }
    return switch (election.run(work)) {
      case RELEASED -> ExitReason.STOPPED;
      case LOST -> ExitReason.LEASE_LOST;
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
        .filter(cache -> !cache.error().isEmpty())
        .findFirst()
        .map(cache -> "watching " + cache.resourceType().qualifiedName() + ": " + cache.error())
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
    for (ResourceType<?> kind : List.of(ResourceType.SESSION, ResourceType.TEMPLATE)) {
      ApiResult<Boolean> served = api.serves(kind);
      while (!(served instanceof ApiResult.Ok<Boolean>(Boolean yes) && yes)) {
        say(
            served
                .failure()
                .map(why -> "the API server cannot be asked: " + why.message())
                .orElse(
                    "the cluster has no "
                        + kind.qualifiedName()
                        + ": apply the CRDs in charts/vdi-operator/templates/crds"));
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
