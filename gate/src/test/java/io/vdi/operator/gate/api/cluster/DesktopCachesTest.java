package io.vdi.operator.gate.api.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.testing.FakeApiServer;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DesktopCachesTest {
  private static final InstantSource CLOCK = InstantSource.system();

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();

  /** No watch is started: nothing that is created reaches the caches. */
  private final DesktopCaches caches =
      new DesktopCaches(
          api,
          WatchedNamespaces.ALL,
          CLOCK,
          new ResourceCache<>(api, ResourceType.SESSION, "", CLOCK, change -> {}),
          new ResourceCache<>(api, ResourceType.TEMPLATE, "", CLOCK, change -> {}));

  @AfterEach
  void stop() {
    caches.own().forEach(ResourceCache::close);
    caches.sessions().close();
    caches.templates().close();
    api.close();
    server.close();
  }

  @Test
  @DisplayName("a session starts from a template that the watch has not delivered yet")
  void newTemplate() {
    server.put(ResourceType.TEMPLATE, "{\"metadata\": {\"name\": \"new\"}, \"spec\": {}}");
    assertThat(caches.templateForStart("new")).isPresent();
    assertThat(caches.templateForStart("no-such")).isEmpty();
  }

  @Test
  @DisplayName("a text that cannot be the name of a template is not sent to the API server")
  void illegalName() {
    for (String name : new String[] {"", "../vdisessions", "a/b", "A", "a?watch=true"}) {
      assertThat(caches.templateForStart(name)).as(name).isEmpty();
    }
    assertThat(server.requests()).isEmpty();
  }
}
