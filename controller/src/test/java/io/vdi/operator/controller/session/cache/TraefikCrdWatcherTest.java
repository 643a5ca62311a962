package io.vdi.operator.controller.session.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.controller.session.FakeCluster;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TraefikCrdWatcherTest {
  private final FakeCluster cluster = FakeCluster.withoutWatches();
  private final AtomicInteger found = new AtomicInteger();
  private final TraefikCrdWatcher watcher =
      new TraefikCrdWatcher(
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
  void aClusterWithTraefikIsServedWhenStartReturns() throws InterruptedException {
    installTraefik();
    watcher.start();
    assertThat(watcher.served()).isTrue();
    assertThat(cluster.caches.ingressRoutes().isSynced()).isTrue();
    assertThat(found).as("calls of the listener").hasValue(0);
    assertThat(cluster.server.requests(TraefikCrdWatcherTest::isDiscovery)).hasSize(1);
  }

  @Test
  void traefikIsFoundWhenItIsInstalledLater() throws InterruptedException {
    watcher.start();
    assertThat(watcher.served()).isFalse();
    await().until(() -> cluster.server.requests(TraefikCrdWatcherTest::isDiscovery).size() >= 3);
    installTraefik();
    await().until(watcher::served);
    await().untilAsserted(() -> assertThat(found).hasValue(1));
    int checks = cluster.server.requests(TraefikCrdWatcherTest::isDiscovery).size();
    await()
        .during(Duration.ofMillis(200))
        .until(() -> cluster.server.requests(TraefikCrdWatcherTest::isDiscovery).size() == checks);
    assertThat(found).hasValue(1);
  }

  @Test
  void anUnreachableApiServerIsCheckedAgain() throws InterruptedException {
    cluster.server.reject(
        TraefikCrdWatcherTest::isDiscovery, 503, "ServiceUnavailable", "starting");
    watcher.start();
    assertThat(watcher.served()).isFalse();
    installTraefik();
    await().until(watcher::served);
  }

  @Test
  void anotherResourceOfTheGroupIsNotEnough() throws InterruptedException {
    cluster.server.respond(
        TraefikCrdWatcherTest::isDiscovery, 200, "{\"resources\": [{\"name\": \"middlewares\"}]}");
    watcher.start();
    assertThat(watcher.served()).isFalse();
  }

  private static boolean isDiscovery(FakeApiServer.Request request) {
    return request.path().equals("/apis/traefik.io/v1alpha1");
  }

  private void installTraefik() {
    cluster.server.respond(
        TraefikCrdWatcherTest::isDiscovery,
        200,
        "{\"resources\": [{\"name\": \"middlewares\"}, {\"name\": \"ingressroutes\"}]}");
  }
}
