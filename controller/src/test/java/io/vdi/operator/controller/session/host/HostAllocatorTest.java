package io.vdi.operator.controller.session.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.FakeCluster;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostAllocatorTest {
  private final FakeCluster cluster = FakeCluster.withoutWatches();
  private final ReleasedHosts released =
      new ReleasedHosts(cluster.client, "vdi-system", cluster.clock(), () -> true);
  private HostRules rules = new HostRules(Set.of("www", "portal"), Duration.ofHours(24));
  private final HostAllocator hosts = allocator(cluster);

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void theFirstSessionKeepsTheHostAndTheSecondGetsAHash() {
    VdiSession first = existing("a", "alice@example.com", "");
    VdiSession second = existing("b", "alice@other.org", "");
    assertThat(hosts.claim(first)).isEqualTo("alice");
    String distinct = hosts.claim(second);
    assertThat(distinct).matches("alice-[0-9a-f]{8}");
    hosts.release(first.uid());
    assertThat(hosts.claim(second)).isEqualTo(distinct);
  }

  @Test
  void aRecordedHostIsTakenOver() {
    VdiSession first = existing("a", "alice@example.com", "https://alice.vdi.example.com");
    hosts.claim(first);
    String hashed = hosts.claim(existing("b", "alice@other.org", ""));
    HostAllocator afterRestart = allocator(cluster);
    VdiSession second = existing("b", "alice@other.org", "https://" + hashed + ".old.example.com");
    assertThat(afterRestart.claim(second)).isEqualTo(hashed);
    assertThat(afterRestart.claim(first)).isEqualTo("alice");
  }

  @Test
  void theHostOfTheRouteCountsWhileTheStatusHasNone() {
    VdiSession first = existing("a", "alice@example.com", "");
    VdiSession second = existing("b", "alice@other.org", "");
    hosts.claim(first);
    String hashed = hosts.claim(second);
    HostAllocator afterRestart = allocator(cluster);
    cluster
        .caches
        .ingressRoutes()
        .created(
            new PartialObjectMetadata(
                new ObjectMeta(
                    second.name(),
                    second.namespace(),
                    "route",
                    "1",
                    1,
                    null,
                    null,
                    Map.of(),
                    Map.of(Annotations.HOST, hashed),
                    List.of(),
                    List.of(
                        new OwnerReference(
                            "vdi.kasm.io/v1alpha1",
                            "VDISession",
                            second.name(),
                            second.uid(),
                            true)),
                    0)));
    assertThat(afterRestart.claim(second)).isEqualTo(hashed);
  }

  @Test
  void aRecordedHostOfAnotherUserIsIgnored() {
    VdiSession eve = existing("a", "eve@example.com", "https://alice.vdi.example.com");
    assertThat(hosts.claim(eve)).isEqualTo("eve");
    VdiSession alice = existing("b", "alice@example.com", "");
    assertThat(hosts.claim(alice)).isEqualTo("alice");
    VdiSession other = existing("c", "alice@evil.org", "https://alice.vdi.example.com");
    assertThat(hosts.claim(other)).isNotEqualTo("alice");
  }

  @Test
  void theHostOfADeletedSessionIsFreeForItsUserBeforeItIsReleased() {
    VdiSession first = existing("a", "alice@example.com", "");
    assertThat(hosts.claim(first)).isEqualTo("alice");
    cluster.caches.sessions().deleted(first.namespace(), first.name(), first.uid());
    assertThat(hosts.claim(existing("b", "alice@other.org", ""))).matches("alice-[0-9a-f]{8}");
    assertThat(hosts.claim(existing("c", "Alice@example.com", ""))).isEqualTo("alice");
    hosts.release(first.uid());
    assertThat(hosts.claim(existing("d", "alice@example.com", "")))
        .as("the late release frees nothing")
        .isNotEqualTo("alice");
  }

  @Test
  void aReleasedHostIsKeptForItsUser() {
    VdiSession first = existing("a", "alice@example.com", "");
    hosts.claim(first);
    delete(first);
    VdiSession stranger = existing("b", "alice@other.org", "");
    assertThat(hosts.claim(stranger)).matches("alice-[0-9a-f]{8}");
    delete(stranger);
    cluster.setTime(cluster.now().plus(Duration.ofHours(24)));
    assertThat(hosts.claim(existing("c", "alice@third.net", ""))).isEqualTo("alice");
  }

  @Test
  void theHashedHostIsKeptToo() {
    hosts.claim(existing("a", "alice@example.com", ""));
    VdiSession second = existing("b", "alice@example.com", "");
    String hashed = hosts.claim(second);
    delete(second);
    String other = hosts.claim(existing("b", "alice@other.org", ""));
    assertThat(other).startsWith(hashed).hasSize(hashed.length() + 8);
  }

  @Test
  void withoutQuarantineAHostIsFreeImmediately() {
    rules = new HostRules(Set.of(), Duration.ZERO);
    VdiSession first = existing("a", "alice@example.com", "");
    hosts.claim(first);
    delete(first);
    assertThat(hosts.claim(existing("b", "alice@other.org", ""))).isEqualTo("alice");
  }

  @Test
  void aReservedHostIsNotGiven() {
    assertThat(hosts.claim(existing("a", "portal@example.com", ""))).matches("portal-[0-9a-f]{8}");
    assertThat(hosts.claim(existing("b", "WWW@example.com", ""))).matches("www-[0-9a-f]{8}");
    rules = new HostRules(Set.of(), Duration.ZERO);
    assertThat(hosts.claim(existing("c", "portal@example.com", ""))).isEqualTo("portal");
  }

  @Test
  void aSessionKeepsAHostThatIsReservedLater() {
    String url = "https://www.vdi.example.com";
    assertThat(hosts.claim(existing("a", "www@example.com", url))).isEqualTo("www");
  }

  /** As the workers do after a deletion. */
  private void delete(VdiSession session) {
    cluster.caches.sessions().deleted(session.namespace(), session.name(), session.uid());
    hosts.release(session.uid());
  }

  private HostAllocator allocator(FakeCluster in) {
    return new HostAllocator(in.caches, () -> rules, released);
  }

  @Test
  void aThousandConcurrentClaimsNeverShareAHost() {
    List<VdiSession> sessions =
        IntStream.range(0, 1000)
            .mapToObj(i -> existing("ns" + i, "alice@d" + i + ".com", ""))
            .toList();
    Set<String> claimed = ConcurrentHashMap.newKeySet();
    sessions.parallelStream().forEach(session -> claimed.add(hosts.claim(session)));
    assertThat(claimed).hasSize(sessions.size());
  }

  @Test
  void aNewLeaderRestoresTheHostsBeforeItAssignsNewOnes() {
    try (FakeCluster watched = FakeCluster.watched()) {
      VdiSession young =
          watched.putSession(
              "young",
              "alice@other.org",
              "}, \"status\": {\"url\": \"https://alice.vdi.example.com\"");
      VdiSession newcomer = watched.putSession("newcomer", "alice@example.com", "");
      HostAllocator restored = allocator(watched);
      assertThat(restored.restore()).extracting(VdiSession::name).containsExactly("young");
      assertThat(restored.claim(newcomer)).matches("alice-[0-9a-f]{8}");
      assertThat(restored.claim(young)).isEqualTo("alice");
    }
  }

  /** A session that the cache shows. */
  private VdiSession existing(String namespace, String user, String url) {
    VdiSession session =
        KubeGson.gson()
            .fromJson(
                """
                {"metadata": {"name": "desk", "namespace": "%s", "uid": "uid-%s"},
                 "spec": {"user": "%s"}, "status": {"url": "%s"}}
                """
                    .formatted(namespace, namespace, user, url),
                VdiSession.class);
    cluster.caches.sessions().created(session);
    return session;
  }
}
