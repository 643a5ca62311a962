package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ResourceCache.Change;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.testing.CapturedLog;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.common.testing.FakeApiServer.Request;
import io.vdi.operator.common.thread.FatalErrorHandler;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What ResourceCacheTest does not cover: broken watches, and what is remembered for how long. */
@Timeout(60)
class NamespaceCacheTest {
  private static final ResourceType<VdiSession> TYPE = ResourceType.SESSION;
  private static final Duration GRACE = Duration.ofSeconds(30);

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private final CapturedLog log = CapturedLog.of(ResourceCache.class);
  private final List<Change<VdiSession>> changes = new CopyOnWriteArrayList<>();
  private final List<String> fatal = new CopyOnWriteArrayList<>();
  private volatile Instant now = Instant.parse("2026-01-01T12:00:00Z");
  private NamespaceCache<VdiSession> cache = cache("team", TYPE, changes::add);

  @AfterEach
  void stop() {
    cache.close();
    log.close();
    api.close();
    server.close();
    assertThat(fatal).as("fatal errors").isEmpty();
  }

  @Test
  void afterABookmarkTheWatchGoesOnFromThereAndAWriteThatIsNeverReportedIsForgotten() {
    start(cache);
    cache.created(
        session("{metadata: {name: lost, namespace: team, uid: u, resourceVersion: '101'}}"));
    now = now.plus(Duration.ofDays(1));
    assertThat(listed()).as("while the watch lags").containsExactly("lost: ");
    // Changes of other kinds raise the version, too.
    server.put(ResourceType.POD, "{metadata: {name: a, namespace: team}}");
    answerNextWatch(
        "{\"type\": \"BOOKMARK\", \"object\": {\"metadata\": {\"resourceVersion\": \"101\"}}}");
    await()
        .untilAsserted(() ->
            assertThat(watches())
                .extracting(request -> request.query().get("resourceVersion"))
                .startsWith("100", "100")
                .endsWith("101"));
    assertThat(listed()).as("when the bookmark is noticed").containsExactly("lost: ");
    now = now.plus(GRACE);
    assertThat(cache.get("team", "lost")).as("30 s later").isPresent();
    now = now.plusMillis(1);
    assertThat(listed()).as("more than 30 s later").isEmpty();
    put("alice", "first");
    await().until(() -> changes.size() == 1);
    assertThat(changes.getFirst().object().name()).isEqualTo("alice");
    assertThat(lists()).as("a bookmark needs no list").hasSize(1);
  }

  @Test
  void anErrorEventEndsTheWatchAndTheCacheListsAgain() {
    put("alice", "first");
    start(cache);
    answerNextWatch(
        """
        {"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "metadata": {}, \
        "status": "Failure", "code": 500, "reason": "InternalError", "message": "etcd is slow"}}
        """);
    await().until(() -> lists().size() == 2);
    put("alice", "second");
    await().until(() -> message("alice").equals(Optional.of("second")));
    assertThat(log.messages(Level.WARN))
        .containsExactly(
            "watching vdisessions.vdi.kasm.io in team: 500 InternalError: etcd is slow;"
                + " trying again");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "no JSON",
        "{\"type\": \"ADDED\"}",
        "{\"type\": \"UNHEARD\", \"object\": {\"metadata\": {\"name\": \"mallory\"}}}",
      })
  void afterAnUnreadableEventTheCacheRecoversAndKeepsItsState(String line) {
    put("alice", "first");
    start(cache);
    answerNextWatch(line);
    int watches = watches().size();
    await().until(() -> watches().size() > watches);
    assertThat(listed()).as("the state after the event").containsExactly("alice: first");
    put("bob", "first");
    await().until(() -> listed().size() == 2);
    assertThat(listed()).containsExactlyInAnyOrder("alice: first", "bob: first");
    assertThat(cache.error()).isEmpty();
  }

  @Test
  void whileOnlyWatchesAreRefusedListsKeepTheCacheUpToDate() {
    put("alice", "first");
    put("bob", "first");
    server.reject(Request::isWatch, 403, "Forbidden", "cannot watch");
    start(cache);
    put("alice", "second");
    server.remove(TYPE, "team", "bob");
    await().until(() -> listed().equals(List.of("alice: second")));
    now = now.plus(Duration.ofDays(1));
    await().until(() -> cache.error().isEmpty());
    assertThat(log.messages(Level.WARN))
        .as("the same refusal is logged once")
        .containsExactly(
            "watching vdisessions.vdi.kasm.io in team: 403 Forbidden: cannot watch; trying again");
  }

  @Test
  void anObjectThatIsReplacedWhileHistoryIsLostIsOneChangeAndItsMemoryEnds() {
    VdiSession old = put("alice", "first");
    start(cache);
    await().until(() -> watches().size() == 1);
    server.pauseWatches(true);
    cache.changed(put("alice", "ours"));
    server.remove(TYPE, "team", "alice");
    VdiSession other = put("alice", "other");
    server.expireHistory();
    server.pauseWatches(false);
    await().until(() -> changes.size() == 2);
    assertThat(changes.getLast().before().map(KubeObject::uid)).contains(old.uid());
    assertThat(changes.getLast().now().map(KubeObject::uid)).contains(other.uid());
    assertThat(listed()).containsExactly("alice: other");
    assertThat(message("alice")).contains("other");
  }

  @Test
  void theVersionOfAListIsKnownBeforeItsChangesAreReported() {
    List<String> reports = new CopyOnWriteArrayList<>();
    cache.close();
    cache =
        cache(
            "team",
            TYPE,
            change -> reports.add(text(change.now()) + " at " + cache.listedVersion()));
    assertThat(cache.listedVersion()).as("before the first list").isZero();
    put("alice", "first");
    start(cache);
    assertThat(reports).containsExactly("first at 101");
    put("alice", "second");
    await().until(() -> reports.size() == 2);
    server.pauseWatches(true);
    put("alice", "third");
    server.expireHistory();
    server.pauseWatches(false);
    await().until(() -> reports.size() == 3);
    assertThat(reports).containsExactly("first at 101", "second at 101", "third at 104");
  }

  @Test
  void anAnswerThatIsOlderThanTheWatchIsNotShown() {
    start(cache);
    VdiSession created = put("alice", "created");
    VdiSession changed = put("alice", "changed");
    put("alice", "theirs");
    await().until(() -> changes.size() == 3);
    cache.created(created);
    assertThat(message("alice")).as("after the late answer to the creation").contains("theirs");
    cache.changed(changed);
    assertThat(listed()).as("after the late answer to the change").containsExactly("alice: theirs");
  }

  @Test
  void anObjectThatOutlivesItsDeletionIsShownAgain() {
    VdiSession alice = put("alice", "first");
    start(cache);
    // It has a finalizer: the answer was a success, and the object stays.
    cache.deleted("team", "alice", alice.uid());
    put("alice", "deleting");
    await().until(() -> changes.size() == 2);
    assertThat(listed()).as("the watch may lag").isEmpty();
    now = now.plus(GRACE);
    assertThat(cache.get("team", "alice")).as("for 30 s").isEmpty();
    now = now.plusMillis(1);
    assertThat(message("alice")).contains("deleting");
    assertThat(listed()).containsExactly("alice: deleting");
  }

  @Test
  void aVersionThatIsNoNumberIsRememberedUntilTheWatchReportsTheObject() {
    start(cache);
    String json = "{metadata: {name: alice, namespace: team, uid: u, resourceVersion: '%s'}}";
    for (String version : List.of("abc", "", "1e3", "99999999999999999999", "-1")) {
      cache.created(session(json.formatted(version)));
      assertThat(listed()).as("version %s", version).containsExactly("alice: ");
      now = now.plus(GRACE).plusMillis(1);
      assertThat(listed()).as("version %s after 30 s", version).isEmpty();
    }
    cache.created(session(json.formatted("abc")));
    put("alice", "theirs");
    await().until(() -> changes.size() == 1);
    assertThat(message("alice")).as("what the watch reports is preferred").contains("theirs");
  }

  @Test
  void aWriteConcernsOnlyTheObjectOfItsNamespace() {
    try (NamespaceCache<VdiSession> all = cache("", TYPE, change -> {})) {
      put("desk", "first");
      VdiSession other =
          session(
              server
                  .put(
                      TYPE, "{metadata: {name: desk, namespace: other}, status: {message: second}}")
                  .toString());
      start(all);
      server.pauseWatches(true);
      all.changed(put("desk", "ours"));
      assertThat(all.list())
          .extracting(VdiSession::namespace, session -> session.status().message())
          .containsExactlyInAnyOrder(tuple("team", "ours"), tuple("other", "second"));
      all.deleted("other", "desk", other.uid());
      assertThat(all.list()).extracting(VdiSession::namespace).containsExactly("team");
      assertThat(all.get("team", "desk")).isPresent();
      assertThat(all.get("other", "desk")).isEmpty();
    }
  }

  @Test
  void whatTheWatchReportsDuringARefreshIsNotUndoneByIt() {
    put("changed", "first");
    put("deleted", "first");
    put("last", "first");
    start(cache);
    await().until(() -> changes.size() == 3);
    server.pageSize(1);
    AtomicBoolean once = new AtomicBoolean();
    // The first page has been read: all pages are of that moment.
    server.before(
        request -> request.query().containsKey("continue") && once.compareAndSet(false, true),
        () -> {
          put("changed", "second");
          server.remove(TYPE, "team", "deleted");
          put("new", "first");
          await().until(() -> changes.size() == 6);
        });
    assertThat(cache.refresh()).isEqualTo(new ApiResult.Ok<>(3));
    assertThat(listed()).containsExactlyInAnyOrder("changed: second", "last: first", "new: first");
    assertThat(cache.get("team", "deleted")).isEmpty();
    assertThat(message("changed")).contains("second");
  }

  @Test
  void aCrdThatIsAbsentFromTheBeginningMakesAnEmptyCacheAndAnErrorAfterTwoMinutes() {
    String refusal = "404 NotFound: no such page";
    try (NamespaceCache<?> routes = cache("team", ResourceType.HTTP_ROUTE, change -> {})) {
      server.reject(request -> true, 404, "NotFound", "no such page");
      start(routes);
      assertThat(routes.list()).isEmpty();
      assertThat(routes.refresh().isNotFound()).as("a refresh is not found").isTrue();
      assertThat(routes.error()).isEmpty();
      now = now.plus(ResourceCache.FAILING);
      await()
          .untilAsserted(() ->
              assertThat(routes.error())
                  .isEqualTo("failing since 2026-01-01T12:00:00Z: " + refusal));
      server.put(ResourceType.HTTP_ROUTE, "{metadata: {name: desk, namespace: team}}");
      server.respondNormally();
      await().until(() -> routes.get("team", "desk").isPresent());
      assertThat(routes.error()).isEmpty();
    }
    assertThat(log.messages(Level.WARN))
        .containsExactly(
            "watching httproutes.gateway.networking.k8s.io in team: " + refusal + "; trying again");
  }

  @Test
  void aClosedCacheKeepsItsStateAndDoesNotReportTheEndOfItsCalls() throws InterruptedException {
    put("alice", "first");
    start(cache);
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch arrived = server.block(request -> true, release);
    server.expireHistory();
    arrived.await();
    cache.close();
    api.close();
    release.countDown();
    // The call in progress has ended with an error, which is noted but not logged.
    await()
        .until(() -> {
          now = now.plus(ResourceCache.FAILING);
          return !cache.error().isEmpty();
        });
    assertThat(log.messages(Level.WARN)).isEmpty();
    assertThat(listed()).containsExactly("alice: first");
  }

  private <T extends KubeObject> NamespaceCache<T> cache(
      String namespace, ResourceType<T> type, Consumer<Change<T>> onChange) {
    FatalErrorHandler onFatalError = (thread, error) -> fatal.add(thread + ": " + error);
    return new NamespaceCache<>(api, namespace, type, "", () -> now, onChange, onFatalError);
  }

  private static void start(NamespaceCache<?> cache) {
    cache.start();
    await().until(cache::isSynced);
  }

  /** Ends the watch, and answers the next one with these lines. */
  private void answerNextWatch(String lines) {
    await().until(() -> !watches().isEmpty());
    int before = watches().size();
    AtomicBoolean done = new AtomicBoolean();
    server.respond(
        request ->
            request.isWatch() && watches().size() > before && done.compareAndSet(false, true),
        200,
        lines.strip() + "\n");
    await()
        .until(() -> {
          // A watch that has just arrived may not have begun yet, and would not end.
          server.endWatches();
          return done.get();
        });
  }

  private List<Request> watches() {
    return server.requests(Request::isWatch);
  }

  private List<Request> lists() {
    return server.requests(request -> !request.isWatch());
  }

  private VdiSession put(String name, String message) {
    JsonObject stored =
        server.put(
            TYPE,
            "{metadata: {name: %s, namespace: team}, status: {message: %s}}"
                .formatted(name, message));
    return session(stored.toString());
  }

  private static VdiSession session(String json) {
    return KubeGson.gson().fromJson(json, VdiSession.class);
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
