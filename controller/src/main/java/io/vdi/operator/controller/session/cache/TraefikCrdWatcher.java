package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the cluster serves Traefik's IngressRoutes. Checked until it does, so that Traefik can be
 * installed after the controller, without a restart.
 */
public final class TraefikCrdWatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TraefikCrdWatcher.class);
  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(5);

  private final KubeClient api;
  private final ControllerCaches caches;
  private final Runnable onFound;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile boolean served;

  /**
   * @param onFound called when routes can be read and written, if {@link #start} did not find them
   */
  public TraefikCrdWatcher(KubeClient api, ControllerCaches caches, Runnable onFound) {
    this.api = api;
    this.caches = caches;
    this.onFound = onFound;
  }

  /** Whether routes can be read and written. */
  public boolean served() {
    return served && caches.ingressRoutes().isSynced();
  }

  /**
   * Checks once before it returns, so that no session of a cluster with Traefik is reconciled
   * without routes. If the CRDs are missing, later checks run on a thread of their own.
   */
  public void start() throws InterruptedException {
    if (check()) {
      return;
    }
    LOG.warn(
        "the cluster does not serve {}: sessions get no route until Traefik's CRDs are installed",
        ResourceType.INGRESS_ROUTE.qualifiedName());
    Thread.ofVirtual()
        .name("traefik-crds")
        .start(() -> {
          try {
            while (!closed.await(CHECK_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
              if (check()) {
                LOG.info("the cluster now serves {}", ResourceType.INGRESS_ROUTE.qualifiedName());
                onFound.run();
                return;
              }
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private boolean check() throws InterruptedException {
    if (!(api.serves(ResourceType.INGRESS_ROUTE) instanceof ApiResult.Ok<Boolean>(Boolean found))
        || !found) {
      return false;
    }
    caches.ingressRoutes().start();
    served = true;
    while (!caches.ingressRoutes().isSynced()) {
      if (closed.await(20, TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
