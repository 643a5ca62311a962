package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.runtime.schedule.Periodic;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the cluster serves one type of Traefik's CRDs. Checked until it does, so that Traefik can
 * be installed after the controller, without a restart.
 */
public final class TraefikCrdWatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TraefikCrdWatcher.class);
  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(5);

  /** While the cache is being filled. */
  private static final Duration SYNC_INTERVAL = Duration.ofMillis(20);

  private final KubeClient api;
  private final ResourceCache<?> cache;
  private final Runnable onFound;
  private final CountDownLatch firstResult = new CountDownLatch(1);
  private final Periodic checks;
  private volatile boolean found;

  /**
   * @param cache of the type; started when the cluster serves it
   * @param onFound called when objects of the type can be read and written, if {@link #start} did
   *     not find them
   */
  public TraefikCrdWatcher(KubeClient api, ResourceCache<?> cache, Runnable onFound) {
    this(api, cache, onFound, CHECK_INTERVAL);
  }

  TraefikCrdWatcher(
      KubeClient api, ResourceCache<?> cache, Runnable onFound, Duration checkInterval) {
    this.api = api;
    this.cache = cache;
    this.onFound = onFound;
    this.checks =
        new Periodic(
            "traefik-" + cache.resourceType().plural(),
            () -> found ? SYNC_INTERVAL : checkInterval,
            this::check);
  }

  /** Whether objects of the type can be read and written. */
  public boolean served() {
    return found && cache.isSynced();
  }

  /**
   * Returns after the first check, and with the objects in the cache if the cluster serves them, so
   * that no session of a cluster with Traefik is reconciled without its route.
   */
  public void start() throws InterruptedException {
    checks.start();
    firstResult.await();
    if (!served()) {
      LOG.warn(
          "the cluster does not serve {}: sessions get no route until Traefik's CRDs are installed",
          cache.resourceType().qualifiedName());
    }
  }

  /** Returns immediately: no session needs the type. */
  public void startInBackground() {
    checks.start();
  }

  private void check() {
    if (!found) {
      if (!(api.serves(cache.resourceType()) instanceof ApiResult.Ok<Boolean>(Boolean served))
          || !served) {
        firstResult.countDown();
        return;
      }
      cache.start();
      found = true;
    }
    if (!cache.isSynced()) {
      return;
    }
    checks.close();
    boolean late = firstResult.getCount() == 0;
    firstResult.countDown();
    if (late) {
      LOG.info("the cluster now serves {}", cache.resourceType().qualifiedName());
      onFound.run();
    }
  }

  @Override
  public void close() {
    checks.close();
    firstResult.countDown();
  }
}
