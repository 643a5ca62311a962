package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.testing.CapturedLog;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.common.testing.FakeApiServer.Request;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ResourceCacheTest {
  private static final ResourceType<VdiSession> TYPE = ResourceType.SESSION;

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private final CapturedLog log = CapturedLog.of(ResourceCache.class);
  private final List<ResourceCache.Change<VdiSession>> changes = new CopyOnWriteArrayList<>();
  private volatile Instant now = Instant.parse("2026-01-01T12:00:00Z");
  private ResourceCache<VdiSession> cache;

  @BeforeEach
  void create() {
    cache = new ResourceCache<>(api, TYPE, "", () -> now, changes::add);
  }

  @AfterEach
  void stop() {
    cache.close();
    log.close();
    api.close();
    server.close();
  }

  @Test
  @DisplayName("the cache is empty and not synced until the first list is complete")
  void initialSync() {
    put("alice", "first");
    assertThat(cache.isSynced()).isFalse();
    assertThat(cache.list()).isEmpty();
    assertThat(cache.get("team", "alice")).isEmpty();
    start();
    assertThat(cache.list()).extracting(VdiSession::name).containsExactly("alice");
    assertThat(message("alice")).contains("first");
    assertThat(cache.error()).isEmpty();
    assertThat(cache.resourceType()).isEqualTo(TYPE);
    await().until(() -> changes.size() == 1);
    assertThat(changes.getFirst().before()).isEmpty();
    assertThat(changes.getFirst().object().name()).isEqualTo("alice");
  }

  @Test
  @DisplayName("the list asks for the latest version, the watch begins at the version of the list")
  void listVersion() {
    put("alice", "first");
    start();
    await().until(() -> server.requests(Request::isWatch).size() == 1);
    assertThat(server.requests().getFirst().query())
        .as("any resourceVersion would allow an older state")
        .isEmpty();
    assertThat(server.requests(Request::isWatch).getFirst().query())
        .containsEntry("resourceVersion", "101")
        .containsKey("timeoutSeconds");
  }

  @Test
  @DisplayName("only objects that the selector matches are kept")
  void selector() {
    cache.close();
    cache = new ResourceCache<>(api, TYPE, "app=desk", () -> now, changes::add);
    put("alice", "first");
    server.put(TYPE, "{metadata: {name: bob, namespace: team, labels: {app: desk}}}");
    start();
    assertThat(cache.list()).extracting(VdiSession::name).containsExactly("bob");
    server.put(TYPE, "{metadata: {name: carol, namespace: team, labels: {app: desk}}}");
    put("dave", "first");
    await().until(() -> cache.list().size() == 2);
    assertThat(cache.list()).extracting(VdiSession::name).contains("carol");
  }

  @Test
  @DisplayName("the watch reports new, changed and deleted objects with the state before and after")
  void changes() {
    start();
    put("alice", "first");
    put("alice", "second");
    server.remove(TYPE, "team", "alice");
    await().until(() -> changes.size() == 3);
    assertThat(changes)
        .extracting(change -> text(change.before()) + " -> " + text(change.now()))
        .containsExactly(" -> first", "first -> second", "second -> ");
    assertThat(cache.get("team", "alice")).isEmpty();
    assertThat(changes.get(1).concerns(session -> session.status().message())).isTrue();
    assertThat(changes.get(1).concerns(VdiSession::spec)).isFalse();
    assertThat(changes.get(0).concerns(VdiSession::spec)).isTrue();
    assertThat(changes.get(2).object().name()).isEqualTo("alice");
  }

  @Test
  @DisplayName("a created object is visible before the watch reports it")
  void readsOwnCreate() {
    start();
    server.pauseWatches(true);
    cache.created(put("alice", "ours"));
    assertThat(message("alice")).contains("ours");
    assertThat(cache.list()).as("list has only what the watch reported").isEmpty();
    server.pauseWatches(false);
    await().until(() -> !cache.list().isEmpty());
    assertThat(message("alice")).contains("ours");
  }

  @Test
  @DisplayName("our write is visible until the watch reports it or a later version")
  void readsOwnChange() {
    put("alice", "first");
    start();
    server.pauseWatches(true);
    cache.changed(put("alice", "ours"));
    assertThat(message("alice")).contains("ours");
    put("alice", "theirs");
    assertThat(message("alice")).as("the watch is behind").contains("ours");
    server.pauseWatches(false);
    await().until(() -> message("alice").equals(Optional.of("theirs")));
    put("alice", "next");
    await().until(() -> message("alice").equals(Optional.of("next")));
  }

  @Test
  @DisplayName("an older version from the watch does not replace our write")
  void olderVersion() {
    put("alice", "first");
    start();
    server.pauseWatches(true);
    VdiSession older = put("alice", "older");
    VdiSession ours = put("alice", "ours");
    cache.changed(ours);
    cache.changed(older);
    assertThat(message("alice")).as("the last call wins while both are newer").contains("older");
    cache.changed(ours);
    server.pauseWatches(false);
    await().until(() -> changes.size() == 3);
    assertThat(message("alice")).contains("ours");
  }

  @Test
  @DisplayName("our deletion hides the object until the watch reports it")
  void readsOwnDeletion() {
    VdiSession alice = put("alice", "first");
    start();
    server.pauseWatches(true);
    server.remove(TYPE, "team", "alice");
    cache.deleted("team", "alice", alice.uid());
    assertThat(cache.get("team", "alice")).isEmpty();
    assertThat(cache.list()).hasSize(1);
    server.pauseWatches(false);
    await().until(() -> cache.list().isEmpty());
    assertThat(cache.get("team", "alice")).isEmpty();
  }

  @Test
  @DisplayName("our deletion does not hide a new object of the same name")
  void deletionAndNewObject() {
    VdiSession alice = put("alice", "first");
    start();
    server.pauseWatches(true);
    server.remove(TYPE, "team", "alice");
    cache.deleted("team", "alice", alice.uid());
    put("alice", "another");
    server.pauseWatches(false);
    await().until(() -> message("alice").equals(Optional.of("another")));
  }

  @Test
  @DisplayName("an answer that arrives after the object's deletion does not bring it back")
  void answerAfterDeletion() {
    VdiSession alice = put("alice", "first");
    start();
    server.remove(TYPE, "team", "alice");
    await().until(() -> cache.list().isEmpty());
    cache.changed(alice);
    assertThat(cache.get("team", "alice")).isEmpty();
  }

  @Test
  @DisplayName("the watch's deletion ends our memory of the same object")
  void deletedByAnother() {
    start();
    server.pauseWatches(true);
    VdiSession alice = put("alice", "ours");
    cache.created(alice);
    cache.changed(alice);
    server.remove(TYPE, "team", "alice");
    assertThat(message("alice")).contains("ours");
    server.pauseWatches(false);
    await().until(() -> cache.get("team", "alice").isEmpty());
  }

  @Test
  @DisplayName("a write that the watch does not confirm is forgotten after 30 seconds")
  void memoryTimeout() {
    put("alice", "first");
    start();
    server.pauseWatches(true);
    cache.changed(put("alice", "ours"));
    VdiSession bob = put("bob", "ours");
    cache.created(bob);
    now = now.plus(Duration.ofSeconds(30));
    assertThat(message("alice")).contains("ours");
    now = now.plusMillis(1);
    assertThat(message("alice")).contains("first");
    assertThat(cache.get("team", "bob")).isEmpty();
  }

  @Test
  @DisplayName("while the first list fails, error() has the reason, which is logged once")
  void listFailure() {
    server.reject(request -> true, 403, "Forbidden", "vdisessions is forbidden");
    cache.start();
    await().until(() -> server.requests().size() >= 2);
    await().until(() -> cache.error().equals("403 Forbidden: vdisessions is forbidden"));
    assertThat(cache.isSynced()).isFalse();
    assertThat(log.messages(Level.WARN))
        .containsExactly(
            "watching vdisessions.vdi.kasm.io: 403 Forbidden: vdisessions is forbidden;"
                + " trying again");
    server.respondNormally();
    await().until(cache::isSynced);
    assertThat(cache.error()).isEmpty();
  }

  @Test
  @DisplayName("an unreachable API server is an error, too")
  void unreachable() {
    server.disconnect(request -> true);
    cache.start();
    await().until(() -> cache.error().startsWith("GET /apis/vdi.kasm.io/v1alpha1/vdisessions: "));
  }

  @Test
  @DisplayName("a failing watch is repeated; a synced cache stays usable and has no error")
  void watchFailure() {
    put("alice", "first");
    start();
    await().until(() -> !server.requests(Request::isWatch).isEmpty());
    server.reject(Request::isWatch, 500, "InternalError", "etcd is down");
    server.endWatches();
    await().until(() -> server.requests(Request::isWatch).size() >= 2);
    assertThat(cache.error()).isEmpty();
    assertThat(message("alice")).contains("first");
    put("alice", "second");
    server.respondNormally();
    await().until(() -> message("alice").equals(Optional.of("second")));
  }

  @Test
  @DisplayName("a watch that ends normally is continued without a gap")
  void watchEnd() {
    start();
    put("alice", "first");
    await().until(() -> changes.size() == 1);
    server.endWatches();
    put("alice", "second");
    await().until(() -> changes.size() == 2);
    assertThat(message("alice")).contains("second");
  }

  @Test
  @DisplayName("when the API server no longer has the version (410 Gone), the cache lists again")
  void gone() {
    put("alice", "first");
    put("bob", "first");
    start();
    await().until(() -> !server.requests(Request::isWatch).isEmpty());
    server.pauseWatches(true);
    put("alice", "second");
    server.remove(TYPE, "team", "bob");
    server.expireHistory();
    server.pauseWatches(false);
    await().until(() -> message("alice").equals(Optional.of("second")));
    await().until(() -> cache.get("team", "bob").isEmpty());
    assertThat(server.requests(request -> !request.isWatch())).hasSizeGreaterThan(1);
    await().until(() -> changes.size() == 4);
    assertThat(changes.subList(2, 4))
        .extracting(change -> change.object().name() + ": " + text(change.now()))
        .containsExactlyInAnyOrder("alice: second", "bob: ");
  }

  @Test
  @DisplayName("an Error of the listener is fatal: the client library would only log it")
  void listenerError() {
    List<String> fatal = new CopyOnWriteArrayList<>();
    cache.close();
    cache =
        new ResourceCache<>(
            api,
            TYPE,
            "",
            () -> now,
            change -> {
              throw new StackOverflowError("too deep");
            },
            (thread, error) -> fatal.add(thread + ": " + error.getMessage()));
    put("alice", "first");
    start();
    await().until(() -> fatal.equals(List.of("watch of vdisessions.vdi.kasm.io: too deep")));
  }

  @Test
  @DisplayName("objects of a cluster-scoped type have no namespace")
  void clusterScoped() {
    try (ResourceCache<VdiTemplate> templates =
        new ResourceCache<>(api, ResourceType.TEMPLATE, "", () -> now, change -> {})) {
      server.put(ResourceType.TEMPLATE, "{metadata: {name: ubuntu}}");
      templates.start();
      await().until(() -> templates.get("", "ubuntu").isPresent());
    }
  }

  private void start() {
    cache.start();
    await().until(cache::isSynced);
  }

  /** Stores the session as another client would, or as the answer to our write. */
  private VdiSession put(String name, String message) {
    return KubeGson.gson()
        .fromJson(
            server.put(
                TYPE,
                "{metadata: {name: %s, namespace: team}, status: {message: %s}}"
                    .formatted(name, message)),
            VdiSession.class);
  }

  private Optional<String> message(String name) {
    return cache.get("team", name).map(session -> session.status().message());
  }

  private static String text(Optional<VdiSession> session) {
    return session.map(found -> found.status().message()).orElse("");
  }
}
