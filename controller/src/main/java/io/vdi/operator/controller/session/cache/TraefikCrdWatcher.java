package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.runtime.schedule.Periodic;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the cluster serves Traefik's IngressRoutes. Checked until it does, so that Traefik can be
 * installed after the controller, without a restart.
 */
public final class TraefikCrdWatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TraefikCrdWatcher.class);
  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(5);

  /** While the cache of IngressRoutes is being filled. */
  private static final Duration SYNC_INTERVAL = Duration.ofMillis(20);

  private final KubeClient api;
  private final ControllerCaches caches;
  private final Runnable onFound;
  private final CountDownLatch firstResult = new CountDownLatch(1);
  private final Periodic checks;
  private volatile boolean found;

  /**
   * @param onFound called when routes can be read and written, if {@link #start} did not find them
   */
  public TraefikCrdWatcher(KubeClient api, ControllerCaches caches, Runnable onFound) {
    this(api, caches, onFound, CHECK_INTERVAL);
  }

  TraefikCrdWatcher(
      KubeClient api, ControllerCaches caches, Runnable onFound, Duration checkInterval) {
    this.api = api;
    this.caches = caches;
    this.onFound = onFound;
    this.checks =
        new Periodic("traefik-crds", () -> found ? SYNC_INTERVAL : checkInterval, this::check);
  }

  /** Whether routes can be read and written. */
  public boolean served() {
    return found && caches.ingressRoutes().isSynced();
  }

  /**
   * Returns after the first check, and with the IngressRoutes in the cache if the cluster serves
   * them, so that no session of a cluster with Traefik is reconciled without its route.
   */
  public void start() throws InterruptedException {
    checks.start();
    firstResult.await();
    if (!served()) {
      LOG.warn(
          "the cluster does not serve {}: sessions get no route until Traefik's CRDs are installed",
          ResourceType.INGRESS_ROUTE.qualifiedName());
    }
  }

  private void check() {
    if (!found) {
      if (!(api.serves(ResourceType.INGRESS_ROUTE) instanceof ApiResult.Ok<Boolean>(Boolean served))
          || !served) {
        firstResult.countDown();
        return;
      }
      caches.ingressRoutes().start();
      found = true;
    }
    if (!caches.ingressRoutes().isSynced()) {
      return;
    }
    checks.close();
    boolean late = firstResult.getCount() == 0;
    firstResult.countDown();
    if (late) {
      LOG.info("the cluster now serves {}", ResourceType.INGRESS_ROUTE.qualifiedName());
      onFound.run();
    }
  }

  @Override
  public void close() {
    checks.close();
    firstResult.countDown();
  }
}
