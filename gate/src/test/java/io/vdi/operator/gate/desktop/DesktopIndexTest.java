package io.vdi.operator.gate.desktop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.testing.FakeApiServer;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DesktopIndexTest {
  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private final ResourceCache<VdiTemplate> templates =
      new ResourceCache<>(api, ResourceType.TEMPLATE, "", InstantSource.system(), change -> {});
  private final DesktopIndex index =
      new DesktopIndex(api, WatchedNamespaces.ALL, templates, InstantSource.system());

  @AfterEach
  void stop() {
    index.cache().close();
    templates.close();
    api.close();
    server.close();
  }

  @Test
  @DisplayName("before the first list no host is known or unknown")
  void notSynced() {
    assertThat(index.find("a.example.com")).isInstanceOf(DesktopLookup.Undecided.class);
  }

  @Test
  @DisplayName("a host leads to the session that has it, and to none after it has moved")
  void moves() {
    session("a", "https://a.example.com");
    templates.start();
    index.cache().start();
    await().until(() -> index.find("a.example.com") instanceof DesktopLookup.Found);
    session("a", "https://b.example.com:443/");
    await().until(() -> index.find("b.example.com") instanceof DesktopLookup.Found);
    assertThat(index.find("a.example.com")).isInstanceOf(DesktopLookup.Unknown.class);
    server.remove(ResourceType.SESSION, "desks", "a");
    await().until(() -> index.find("b.example.com") instanceof DesktopLookup.Unknown);
  }

  @Test
  @DisplayName("a UID leads to its session, and to none after another session has the name")
  void uids() {
    assertThat(index.findByUid("u1")).isInstanceOf(DesktopLookup.Undecided.class);
    session("a", "u1", "https://a.example.com");
    templates.start();
    index.cache().start();
    await().until(() -> index.findByUid("u1") instanceof DesktopLookup.Found);
    assertThat(index.findByUid("u2")).isInstanceOf(DesktopLookup.Unknown.class);
    session("a", "u2", "https://a.example.com");
    await().until(() -> index.findByUid("u2") instanceof DesktopLookup.Found);
    assertThat(index.findByUid("u1")).isInstanceOf(DesktopLookup.Unknown.class);
    server.remove(ResourceType.SESSION, "desks", "a");
    await().until(() -> index.findByUid("u2") instanceof DesktopLookup.Unknown);
  }

  @Test
  @DisplayName("a host that two sessions claim opens neither")
  void twice() {
    session("a", "https://a.example.com");
    session("b", "https://A.example.com");
    session("c", "not an address");
    session("d", "");
    templates.start();
    index.cache().start();
    await().until(() -> index.cache().isSynced() && index.all().size() == 2);
    await().until(() -> index.find("a.example.com") instanceof DesktopLookup.Undecided);
  }

  private void session(String name, String url) {
    session(name, "uid-" + name, url);
  }

  private void session(String name, String uid, String url) {
    server.put(
        ResourceType.SESSION,
        """
        {metadata: {name: %1$s, namespace: desks, uid: %2$s}, spec: {user: %1$s@example.com},
         status: {url: '%3$s'}}
        """
            .formatted(name, uid, url));
  }
}
