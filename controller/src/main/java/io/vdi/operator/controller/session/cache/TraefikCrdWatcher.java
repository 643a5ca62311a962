package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether the cluster has Traefik's kinds; looked for until they appear, without a restart. */
public final class TraefikCrdWatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TraefikCrdWatcher.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

  private final KubeClient api;
  private final ControllerCaches caches;
  private final Runnable onFound;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile boolean served;

  /**
   * @param onFound called once, when routes can be read and written
   */
  public TraefikCrdWatcher(KubeClient api, ControllerCaches caches, Runnable onFound) {
    this.api = api;
    this.caches = caches;
    this.onFound = onFound;
  }

  public boolean served() {
    return served && caches.ingressRoutes().isSynced();
  }

  /**
   * Looks once now, so that a cluster that has them is never seen without; goes on looking if not.
   */
  public void start() throws InterruptedException {
    if (look()) {
      return;
    }
    LOG.warn(
        "the cluster has no {}: sessions get no route until Traefik's CRDs are installed",
        ResourceType.INGRESS_ROUTE.qualifiedName());
    Thread.ofVirtual()
        .name("traefik-definitions")
        .start(() -> {
          try {
            while (!closed.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
              if (look()) {
                LOG.info("{} are there now", ResourceType.INGRESS_ROUTE.qualifiedName());
                onFound.run();
                return;
              }
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private boolean look() throws InterruptedException {
    if (!(api.serves(ResourceType.INGRESS_ROUTE) instanceof ApiResult.Ok<Boolean>(Boolean yes))
        || !yes) {
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
