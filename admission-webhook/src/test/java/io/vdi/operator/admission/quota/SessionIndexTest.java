package io.vdi.operator.admission.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.admission.FakeApi;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.kube.ResourceCache.Change;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SessionIndexTest {
  private static final String SESSIONS = "/apis/vdi.kasm.io/v1alpha1/namespaces/desks/vdisessions/";

  private static final String CLAIM = "/api/v1/namespaces/desks/persistentvolumeclaims/vdi-data-a";

  private final FakeApi api = new FakeApi();
  private final SessionIndex index =
      new SessionIndex(api.client(), WatchedNamespaces.ALL, InstantSource.system());

  @Test
  void theSnapshotOfTheCacheIsAsNewAsTheNewestChange() {
    assertThat(index.cached(false).resourceVersion()).isZero();
    index.changed(created(session("a", "7")));
    index.changed(created(session("b", "5")));
    assertThat(index.cached(false).resourceVersion()).isEqualTo(7);
    index.changed(new Change<>(Optional.of(session("a", "9")), Optional.empty()));
    assertThat(index.cached(false).resourceVersion()).isEqualTo(9);
  }

  @Test
  void aReservationIdIsRememberedWithItsFirstVersionAlsoAfterTheDeletion() {
    index.changed(created(session("a", "7")));
    index.changed(new Change<>(Optional.of(session("a", "7")), Optional.of(session("a", "8"))));
    index.changed(new Change<>(Optional.of(session("a", "9")), Optional.empty()));
    assertThat(index.hasObserved("a")).isTrue();
    assertThat(index.hasObserved("b")).isFalse();
    assertThat(index.cached(false).observedAt("a")).contains(7L);
    assertThat(index.cached(false).observedAt("b")).isEmpty();
  }

  @Test
  void anUnreadableVersionCountsAsTheOldest() {
    index.changed(created(session("a", "not-a-number")));
    assertThat(index.cached(false).resourceVersion()).isZero();
    assertThat(index.cached(false).observedAt("a")).contains(0L);
  }

  @Test
  void theLiveSnapshotAddsWhatTheWatchHasNotDelivered() {
    index.changed(created(session("deleted", "7")));
    put("present");
    SessionIndex.Snapshot live = index.live(false).orElseThrow();
    assertThat(live.sessions()).extracting(VdiSession::name).containsExactly("present");
    assertThat(live.resourceVersion()).isEqualTo(101);
    assertThat(live.observedAt("present")).contains(101L);
    assertThat(live.observedAt("deleted")).contains(7L);
    assertThat(index.hasObserved("present")).as("known to the watch").isFalse();
  }

  @Test
  void versionsThatTheApiServerHasNotReachedAreForgotten() {
    index.changed(created(session("early", "7")));
    index.changed(created(session("late", "5000")));
    put("present");
    SessionIndex.Snapshot live = index.live(false).orElseThrow();
    assertThat(live.resourceVersion()).isEqualTo(101);
    assertThat(live.firstObserved()).isEqualTo(Map.of("early", 7L, "present", 101L));
    assertThat(index.cached(false).resourceVersion()).as("older than any list").isZero();
    assertThat(index.hasObserved("late")).isFalse();
    index.changed(created(session("next", "102")));
    assertThat(index.cached(false).resourceVersion()).isEqualTo(102);
  }

  @Test
  void aDeletedSessionCountsUntilItsClaimWasRead() {
    index.changed(created(session("a", "7")));
    assertThat(index.cached(true).deleted()).isEmpty();
    index.changed(new Change<>(Optional.of(session("a", "9")), Optional.empty()));
    SessionIndex.Snapshot snapshot = index.cached(true);
    assertThat(snapshot.sessions()).isEmpty();
    assertThat(snapshot.deleted()).extracting(VdiSession::name).containsExactly("a");
    assertThat(snapshot.complete()).isTrue();
    api.put(CLAIM, "{metadata: {namespace: desks, uid: c}}");
    index.refreshHomes(true);
    assertThat(index.cached(true).deleted()).isEmpty();
    assertThat(index.cached(true).claims()).hasSize(1);
    assertThat(index.cached(false).claims()).isEmpty();
  }

  @Test
  void withoutAnAnswerAboutItsClaimADeletedSessionStillCounts() {
    index.changed(created(session("a", "7")));
    index.changed(new Change<>(Optional.of(session("a", "9")), Optional.empty()));
    api.failWith((method, path) -> {
      throw new IOException("connection refused");
    });
    index.refreshHomes(true);
    assertThat(index.live(true)).isInstanceOf(ApiResult.Unreachable.class);
    assertThat(index.cached(true).deleted()).hasSize(1);
  }

  @Test
  void homesThatNobodyNeededAreListedBeforeTheyAreUsed() {
    index.changed(created(session("a", "7")));
    index.changed(new Change<>(Optional.of(session("a", "9")), Optional.empty()));
    index.refreshHomes(false);
    assertThat(index.cached(true).complete()).isFalse();
    assertThat(index.cached(false).complete()).isTrue();
    api.put(CLAIM, "{metadata: {namespace: desks, uid: c}}");
    assertThat(index.live(true).orElseThrow().claims()).hasSize(1);
    assertThat(index.cached(true).complete()).isTrue();
    assertThat(index.cached(true).claims()).hasSize(1);
  }

  @Test
  void theCacheDoesNotDecideWhetherATemplateIsInUse() {
    put("desk");
    assertThat(index.using("t").orElseThrow()).containsExactly("desks/desk");
    assertThat(index.using("other").orElseThrow()).isEmpty();
    index.caches().forEach(ResourceCache::refresh);
    assertThat(index.caches().getFirst().list()).hasSize(1);
    api.remove(SESSIONS + "desk");
    assertThat(index.using("t").orElseThrow()).as("after its last session").isEmpty();
  }

  @Test
  void anUnreachableApiServerIsNoAnswer() {
    api.failWith((method, path) -> {
      throw new IOException("connection refused");
    });
    assertThat(index.live(false)).isInstanceOf(ApiResult.Unreachable.class);
    assertThat(index.using("t")).isInstanceOf(ApiResult.Unreachable.class);
  }

  private void put(String name) {
    api.put(
        SESSIONS + name,
        """
        {metadata: {namespace: desks, annotations: {"%s": %s}}, spec: {template: t}}
        """
            .formatted(Annotations.RESERVATION, name));
  }

  private static Change<VdiSession> created(VdiSession session) {
    return new Change<>(Optional.empty(), Optional.of(session));
  }

  private static VdiSession session(String id, String version) {
    ObjectMeta meta =
        new ObjectMeta(
            id,
            "desks",
            id,
            version,
            1,
            null,
            null,
            null,
            Map.of(Annotations.RESERVATION, id),
            List.of(),
            List.of(),
            0);
    return new VdiSession(meta, null, null);
  }
}
