package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.vdi.operator.common.model.HttpRoute;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.testing.CapturedLog;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.common.testing.FakeApiServer.Request;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
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
  @DisplayName("the cache is not synced before the listener has received the first list")
  void listenersFirst() throws InterruptedException {
    put("alice", "first");
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    try (ResourceCache<VdiSession> slow =
        new ResourceCache<>(
            api,
            TYPE,
            "",
            () -> now,
            change -> {
              busy.countDown();
              awaitUninterruptibly(free);
            })) {
      slow.start();
      busy.await();
      assertThat(slow.isSynced()).isFalse();
      free.countDown();
      await().until(slow::isSynced);
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  @DisplayName("the list asks for the latest version, the watch begins at the version of the list")
  void listVersion() {
    put("alice", "first");
    start();
    await().until(() -> server.requests(Request::isWatch).size() == 1);
    assertThat(server.requests().getFirst().query())
        .as("any resourceVersion would allow an older state")
        .containsOnlyKeys("limit");
    assertThat(server.requests(Request::isWatch).getFirst().query())
        .containsEntry("resourceVersion", "101")
        .containsKeys("timeoutSeconds", "allowWatchBookmarks");
  }

  @Test
  @DisplayName("without the CRD of another project the cache is empty, and fills again with it")
  void withoutCrd() {
    List<ResourceCache.Change<HttpRoute>> routeChanges = new CopyOnWriteArrayList<>();
    try (ResourceCache<HttpRoute> routes =
        new ResourceCache<>(api, ResourceType.HTTP_ROUTE, "", () -> now, routeChanges::add)) {
      server.put(
          ResourceType.HTTP_ROUTE, "{\"metadata\": {\"name\": \"desk\", \"namespace\": \"team\"}}");
      routes.start();
      await().until(() -> routes.get("team", "desk").isPresent());
      routes.created(
          KubeGson.gson()
              .fromJson(
                  "{metadata: {name: new, namespace: team, uid: u9, resourceVersion: '900'}}",
                  HttpRoute.class));
      server.reject(
          request -> request.path().endsWith("/httproutes"), 404, "NotFound", "no such page");
      server.endWatches();
      await().until(() -> routes.list().isEmpty());
      await().until(() -> routeChanges.size() == 2);
      assertThat(routeChanges.getLast().now()).as("the deletion").isEmpty();
      assertThat(routes.isSynced()).isTrue();
      server.respondNormally();
      await().until(() -> routes.get("team", "desk").isPresent());
    }
  }

  @Test
  @DisplayName("sessions do not disappear because the API server answers 404")
  void notFound() {
    put("alice", "first");
    start();
    int before = server.requests().size();
    server.reject(request -> true, 404, "NotFound", "no such page");
    server.endWatches();
    await().until(() -> server.requests().size() >= before + 3);
    assertThat(cache.get("team", "alice")).isPresent();
  }

  @Test
  @DisplayName("with namespaces there is a list and a watch for each, and nothing of others")
  void namespaces() {
    cache.close();
    cache =
        new ResourceCache<>(
            api,
            WatchedNamespaces.of(List.of("team", "other", "team")),
            TYPE,
            "",
            () -> now,
            changes::add);
    put("alice", "first");
    server.put(TYPE, "{metadata: {name: bob, namespace: other}}");
    server.put(TYPE, "{metadata: {name: eve, namespace: elsewhere}}");
    start();
    assertThat(cache.list()).extracting(VdiSession::name).containsExactly("bob", "alice");
    assertThat(cache.get("team", "alice")).isPresent();
    assertThat(cache.get("team", "bob")).isEmpty();
    assertThat(cache.get("other", "bob")).isPresent();
    assertThat(cache.get("elsewhere", "eve")).isEmpty();
    server.put(TYPE, "{metadata: {name: carol, namespace: other}}");
    server.put(TYPE, "{metadata: {name: mallory, namespace: elsewhere}}");
    await().until(() -> cache.get("other", "carol").isPresent());
    assertThat(cache.refresh()).isEqualTo(new ApiResult.Ok<>(3));
    cache.deleted("other", "carol", cache.get("other", "carol").orElseThrow().uid());
    assertThat(cache.list()).extracting(VdiSession::name).containsExactly("bob", "alice");
    assertThat(server.requests(Request::isWatch))
        .extracting(Request::path)
        .containsOnly(TYPE.path("other"), TYPE.path("team"));
  }

  @Test
  @DisplayName("an object of a namespace that is not watched is not remembered")
  void otherNamespace() {
    cache.close();
    cache =
        new ResourceCache<>(
            api, WatchedNamespaces.of(List.of("team")), TYPE, "", () -> now, changes::add);
    start();
    VdiSession elsewhere =
        KubeGson.gson()
            .fromJson("{metadata: {name: eve, namespace: elsewhere, uid: x}}", VdiSession.class);
    cache.created(elsewhere);
    cache.changed(elsewhere);
    cache.deleted("elsewhere", "eve", "x");
    assertThat(cache.list()).isEmpty();
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
    assertThat(listed()).containsExactly("alice: ours");
    server.pauseWatches(false);
    await().until(() -> !changes.isEmpty());
    assertThat(listed()).containsExactly("alice: ours");
  }

  @Test
  @DisplayName("our write is visible until the watch reports it or a later version")
  void readsOwnChange() {
    put("alice", "first");
    start();
    server.pauseWatches(true);
    put("bob", "first");
    cache.changed(put("alice", "ours"));
    assertThat(message("alice")).contains("ours");
    assertThat(listed()).containsExactly("alice: ours");
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
    assertThat(cache.list()).isEmpty();
    server.pauseWatches(false);
    await().until(() -> changes.size() == 2);
    assertThat(cache.list()).isEmpty();
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
  @DisplayName("a write stays visible while the watch lags, however long that takes")
  void lagLongerThanTheGrace() {
    put("alice", "first");
    start();
    server.pauseWatches(true);
    cache.changed(put("alice", "ours"));
    VdiSession bob = put("bob", "ours");
    cache.created(bob);
    now = now.plus(Duration.ofHours(1));
    assertThat(listed()).containsExactlyInAnyOrder("alice: ours", "bob: ours");
    server.remove(TYPE, "team", "bob");
    cache.deleted("team", "bob", bob.uid());
    now = now.plus(Duration.ofHours(1));
    assertThat(listed()).containsExactly("alice: ours");
    server.pauseWatches(false);
    await().until(() -> changes.stream().anyMatch(change -> change.now().isEmpty()));
    assertThat(listed()).containsExactly("alice: ours");
  }

  @Test
  @DisplayName(
      "what the watch never reports is forgotten 30 s after it has delivered later versions")
  void unconfirmed() {
    start();
    server.pauseWatches(true);
    VdiSession lost = put("lost", "ours");
    server.remove(TYPE, "team", "lost");
    // The list after the gap has neither its creation nor its deletion.
    server.expireHistory();
    cache.created(lost);
    server.pauseWatches(false);
    put("alice", "first");
    await().until(() -> changes.size() == 1);
    assertThat(listed()).containsExactlyInAnyOrder("alice: first", "lost: ours");
    now = now.plus(Duration.ofSeconds(30));
    assertThat(message("lost")).contains("ours");
    now = now.plusMillis(1);
    assertThat(message("lost")).isEmpty();
    assertThat(listed()).containsExactly("alice: first");
  }

  @Test
  @DisplayName("the watch's report of a creation does not show an object that we deleted since")
  void lateCreation() {
    start();
    server.pauseWatches(true);
    VdiSession alice = put("alice", "ours");
    cache.created(alice);
    server.remove(TYPE, "team", "alice");
    cache.deleted("team", "alice", alice.uid());
    assertThat(cache.get("team", "alice")).isEmpty();
    server.passWatchEvents(1);
    await().until(() -> changes.size() == 1);
    assertThat(cache.get("team", "alice")).isEmpty();
    assertThat(cache.list()).isEmpty();
    server.pauseWatches(false);
    await().until(() -> changes.size() == 2);
    assertThat(cache.get("team", "alice")).isEmpty();
  }

  @Test
  @DisplayName("refresh shows the live state although the watch lags, also after a long time")
  void refresh() {
    put("changed", "first");
    VdiSession deleted = put("deleted", "first");
    put("same", "first");
    start();
    server.pauseWatches(true);
    put("changed", "second");
    put("new", "first");
    server.remove(TYPE, "team", "deleted");
    put("brief", "first");
    server.remove(TYPE, "team", "brief");
    assertThat(listed())
        .containsExactlyInAnyOrder("changed: first", "deleted: first", "same: first");
    assertThat(cache.refresh()).isEqualTo(new ApiResult.Ok<>(3));
    for (Duration wait : List.of(Duration.ZERO, Duration.ofHours(1), Duration.ofHours(1))) {
      now = now.plus(wait);
      assertLiveState();
    }
    // The watch catches up event by event; no step shows an older state.
    for (int events = 1; events <= 5; events++) {
      server.passWatchEvents(1);
      int expected = 3 + events;
      await().until(() -> changes.size() == expected);
      assertLiveState();
    }
    assertThat(changes.get(5).object().uid()).isEqualTo(deleted.uid());
    now = now.plus(Duration.ofHours(1));
    assertLiveState();
    now = now.plus(Duration.ofHours(1));
    assertLiveState();
    server.pauseWatches(false);
    server.remove(TYPE, "team", "new");
    put("changed", "third");
    await().until(() -> message("changed").equals(Optional.of("third")));
    assertThat(listed()).containsExactlyInAnyOrder("changed: third", "same: first");
  }

  private void assertLiveState() {
    assertThat(listed()).containsExactlyInAnyOrder("changed: second", "new: first", "same: first");
    assertThat(message("changed")).contains("second");
    assertThat(message("new")).contains("first");
    assertThat(cache.get("team", "deleted")).isEmpty();
    assertThat(cache.get("team", "brief")).isEmpty();
  }

  @Test
  @DisplayName("refresh keeps writes of ours that are newer than the list")
  void refreshAndOwnWrites() {
    VdiSession alice = put("alice", "first");
    put("bob", "first");
    start();
    server.pauseWatches(true);
    server.before(
        request -> !request.isWatch() && request.query().containsKey("continue"),
        () -> {
          cache.changed(put("bob", "ours"));
          server.remove(TYPE, "team", "alice");
          cache.deleted("team", "alice", alice.uid());
          cache.created(put("carol", "ours"));
        });
    server.pageSize(1);
    assertThat(cache.refresh().failure()).isEmpty();
    assertThat(listed()).containsExactlyInAnyOrder("bob: ours", "carol: ours");
  }

  @Test
  @DisplayName("refresh forgets a write of ours to an object that was deleted since")
  void refreshAfterDeletion() {
    start();
    server.pauseWatches(true);
    cache.created(put("alice", "ours"));
    server.remove(TYPE, "team", "alice");
    assertThat(listed()).containsExactly("alice: ours");
    assertThat(cache.refresh()).isEqualTo(new ApiResult.Ok<>(0));
    assertThat(cache.list()).isEmpty();
    assertThat(cache.get("team", "alice")).isEmpty();
  }

  @Test
  @DisplayName("a refresh that fails changes nothing")
  void failedRefresh() {
    put("alice", "first");
    start();
    server.pauseWatches(true);
    put("alice", "second");
    server.reject(request -> !request.isWatch(), 500, "InternalError", "etcd is down");
    assertThat(cache.refresh().failure()).isPresent();
    assertThat(message("alice")).contains("first");
    server.respondNormally();
    assertThat(cache.refresh().failure()).isEmpty();
    assertThat(message("alice")).contains("second");
  }

  @Test
  @DisplayName("lists are read in pages, and start again when the token of a page has expired")
  void pages() {
    server.pageSize(100);
    for (int i = 0; i < 250; i++) {
      put("s" + i, "first");
    }
    AtomicInteger continued = new AtomicInteger();
    server.rejectOnce(
        request -> request.query().containsKey("continue") && continued.incrementAndGet() == 2,
        410,
        "Expired",
        "the token has expired");
    start();
    assertThat(cache.list()).hasSize(250);
    assertThat(server.requests(request -> !request.isWatch()))
        .extracting(request -> request.query().getOrDefault("continue", "").split("@", 2)[0])
        .containsExactly("", "100", "200", "", "100", "200");
    assertThat(log.messages(Level.WARN)).isEmpty();
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
  @DisplayName("a failing watch is an error after 2 minutes; the cache stays usable and heals")
  void watchFailure() {
    put("alice", "first");
    start();
    await().until(() -> !server.requests(Request::isWatch).isEmpty());
    server.reject(request -> true, 500, "InternalError", "etcd is down");
    server.endWatches();
    await().until(() -> log.messages(Level.WARN).size() == 1);
    now = now.plus(ResourceCache.FAILING).minusMillis(1);
    assertThat(cache.error()).isEmpty();
    assertThat(message("alice")).contains("first");
    now = now.plusMillis(1);
    assertThat(cache.error())
        .isEqualTo("failing since 2026-01-01T12:00:00Z: 500 InternalError: etcd is down");
    assertThat(message("alice")).as("an old state is better than none").contains("first");
    put("alice", "second");
    server.respondNormally();
    await().until(() -> message("alice").equals(Optional.of("second")));
    assertThat(cache.error()).isEmpty();
    assertThat(log.messages(Level.WARN))
        .as("the same error is logged once")
        .containsExactly(
            "watching vdisessions.vdi.kasm.io: 500 InternalError: etcd is down; trying again");
  }

  @Test
  @DisplayName("a watch that can be established again in between starts the 2 minutes again")
  void shortFailures() {
    start();
    await().until(() -> !server.requests(Request::isWatch).isEmpty());
    for (int outage = 0; outage < 3; outage++) {
      server.disconnect(request -> true);
      server.endWatches();
      int failed = server.requests().size();
      await().until(() -> server.requests().size() > failed + 1);
      now = now.plus(ResourceCache.FAILING).minusMillis(1);
      assertThat(cache.error()).isEmpty();
      server.respondNormally();
      int watches = server.requests(Request::isWatch).size();
      await().until(() -> server.requests(Request::isWatch).size() > watches);
      put("alice", "outage" + outage);
      String expected = "outage" + outage;
      await().until(() -> message("alice").equals(Optional.of(expected)));
    }
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
            WatchedNamespaces.ALL,
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

  private List<String> listed() {
    return cache.list().stream()
        .map(session -> session.name() + ": " + session.status().message())
        .toList();
  }

  private static String text(Optional<VdiSession> session) {
    return session.map(found -> found.status().message()).orElse("");
  }
}
