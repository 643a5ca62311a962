package io.vdi.operator.controller.session.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.controller.session.FakeCluster;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CrdWatcherTest {
  private final FakeCluster cluster = FakeCluster.withoutWatches();
  private final AtomicInteger found = new AtomicInteger();
  private final CrdWatcher watcher =
      new CrdWatcher(
          cluster.client,
          cluster.caches.ingressRoutes(),
          found::incrementAndGet,
          Duration.ofMillis(20));

  @AfterEach
  void close() {
    watcher.close();
    cluster.close();
  }

  @Test
  void aClusterWithTraefikIsServedAfterTheFirstResult() throws InterruptedException {
    installTraefik();
    watcher.start();
    watcher.awaitResult();
    assertThat(watcher.served()).isTrue();
    assertThat(cluster.caches.ingressRoutes().isSynced()).isTrue();
    assertThat(found).as("calls of the listener").hasValue(0);
    assertThat(cluster.server.requests(CrdWatcherTest::isDiscovery)).isNotEmpty();
  }

  @Test
  void traefikIsFoundWhenItIsInstalledLater() throws InterruptedException {
    watcher.start();
    watcher.awaitResult();
    assertThat(watcher.served()).isFalse();
    await().until(() -> cluster.server.requests(CrdWatcherTest::isDiscovery).size() >= 3);
    installTraefik();
    await().until(watcher::served);
    await().untilAsserted(() -> assertThat(found).hasValue(1));
    int checks = cluster.server.requests(CrdWatcherTest::isDiscovery).size();
    await().until(() -> cluster.server.requests(CrdWatcherTest::isDiscovery).size() >= checks + 3);
    assertThat(found).as("calls of the listener").hasValue(1);
  }

  @Test
  void traefikCanBeRemovedAndInstalledAgain() throws InterruptedException {
    installTraefik();
    watcher.start();
    watcher.awaitResult();
    cluster.server.respondNormally();
    await().until(() -> !watcher.served());
    await().untilAsserted(() -> assertThat(found).hasValue(1));
    installTraefik();
    await().until(watcher::served);
    await().untilAsserted(() -> assertThat(found).hasValue(2));
  }

  @Test
  void anErrorOfTheApiServerDoesNotMeanThatTraefikIsRemoved() throws InterruptedException {
    installTraefik();
    watcher.start();
    watcher.awaitResult();
    cluster.server.reject(CrdWatcherTest::isDiscovery, 503, "ServiceUnavailable", "starting");
    int checks = cluster.server.requests(CrdWatcherTest::isDiscovery).size();
    await().until(() -> cluster.server.requests(CrdWatcherTest::isDiscovery).size() >= checks + 3);
    assertThat(watcher.served()).isTrue();
    assertThat(found).hasValue(0);
  }

  @Test
  void aTypeThatCannotBeReadIsNotWaitedForIfNoSessionNeedsIt() throws InterruptedException {
    installTraefik();
    cluster.server.reject(
        request -> request.path().endsWith("/ingressroutes"), 403, "Forbidden", "no permission");
    watcher.start();
    watcher.awaitOptionalResult();
    assertThat(watcher.served()).isFalse();
  }

  @Test
  void anUnreachableApiServerIsCheckedAgain() throws InterruptedException {
    cluster.server.reject(CrdWatcherTest::isDiscovery, 503, "ServiceUnavailable", "starting");
    watcher.start();
    watcher.awaitResult();
    assertThat(watcher.served()).isFalse();
    installTraefik();
    await().until(watcher::served);
  }

  @Test
  void anotherResourceOfTheGroupIsNotEnough() throws InterruptedException {
    cluster.server.respond(
        CrdWatcherTest::isDiscovery, 200, "{\"resources\": [{\"name\": \"middlewares\"}]}");
    watcher.start();
    watcher.awaitResult();
    assertThat(watcher.served()).isFalse();
  }

  private static boolean isDiscovery(FakeApiServer.Request request) {
    return request.path().equals("/apis/traefik.io/v1alpha1");
  }

  private void installTraefik() {
    cluster.server.respond(
        CrdWatcherTest::isDiscovery,
        200,
        "{\"resources\": [{\"name\": \"middlewares\"}, {\"name\": \"ingressroutes\"}]}");
  }
}
