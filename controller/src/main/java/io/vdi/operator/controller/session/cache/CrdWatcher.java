package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.runtime.schedule.Periodic;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the cluster serves one type of the CRDs of another project, such as Traefik or the
 * Gateway API. Checked every 5 s, so that the project can be installed and removed while the
 * controller runs.
 */
public final class CrdWatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CrdWatcher.class);
  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(5);

  /** While the cache is being filled. */
  private static final Duration SYNC_INTERVAL = Duration.ofMillis(20);

  private final KubeClient api;
  private final ResourceCache<?> cache;
  private final Runnable onChange;
  private final CountDownLatch firstResult = new CountDownLatch(1);
  private final Periodic checks;
  private long started;
  private boolean cacheStarted;
  private volatile boolean discovered;
  private volatile boolean served;

  /**
   * @param cache of the type; started when the cluster serves it for the first time
   * @param onChange called when objects of the type can be read and written, and when they no
   *     longer can; not for the first result
   */
  public CrdWatcher(KubeClient api, ResourceCache<?> cache, Runnable onChange) {
    this(api, cache, onChange, CHECK_INTERVAL);
  }

  CrdWatcher(KubeClient api, ResourceCache<?> cache, Runnable onChange, Duration checkInterval) {
    this.api = api;
    this.cache = cache;
    this.onChange = onChange;
    this.checks =
        new Periodic(
            "crd-" + cache.resourceType().plural(),
            () -> discovered && !served ? SYNC_INTERVAL : checkInterval,
            this::check);
  }

  public ResourceType<?> resourceType() {
    return cache.resourceType();
  }

  /** Whether objects of the type can be read and written. */
  public boolean served() {
    return served;
  }

  /** Starts the checks; see {@link #awaitResult} and {@link #awaitOptionalResult}. */
  public void start() {
    started = System.nanoTime();
    checks.start();
  }

  /**
   * Returns after the first check, and with the objects in the cache if the cluster serves them, so
   * that no session of a cluster with the type is reconciled without its route.
   */
  public void awaitResult() throws InterruptedException {
    firstResult.await();
    if (!served) {
      LOG.warn(
          "the cluster does not serve {}: sessions get no route until its CRD is installed",
          cache.resourceType().qualifiedName());
    }
  }

  /**
   * The same for a type that no session needs with this configuration. Its objects are not waited
   * for longer than 5 s from the start: the controller may not be allowed to read them.
   */
  public void awaitOptionalResult() throws InterruptedException {
    long waited = System.nanoTime() - started;
    firstResult.await(CHECK_INTERVAL.toNanos() - waited, TimeUnit.NANOSECONDS);
  }

  private void check() {
    if (!discovered || cache.isSynced()) {
      // After an error the last result remains.
      api.serves(cache.resourceType()).ok().ifPresent(this::discovered);
    }
    boolean now = discovered && cache.isSynced();
    if (discovered && !now) {
      return;
    }
    boolean late = firstResult.getCount() == 0;
    boolean changed = now != served;
    served = now;
    firstResult.countDown();
    if (late && changed) {
      LOG.info(
          "the cluster {} {}",
          now ? "now serves" : "no longer serves",
          cache.resourceType().qualifiedName());
      onChange.run();
    }
  }

  private void discovered(boolean isServed) {
    if (isServed && !cacheStarted) {
      cache.start();
      cacheStarted = true;
    }
    discovered = isServed;
  }

  @Override
  public void close() {
    checks.close();
    firstResult.countDown();
  }
}
