package io.vdi.operator.controller.session.host;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.CapturedLog;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.controller.session.FakeCluster;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReleasedHostsTest {
  private static final String NAMESPACE = "vdi-system";
  private static final Duration DAY = Duration.ofHours(24);
  private static final String ALICE = "alice@example.com";
  private static final String OTHER = "alice@other.org";

  private final FakeCluster cluster = FakeCluster.withoutWatches();
  private final CapturedLog log = CapturedLog.of(ReleasedHosts.class);
  private boolean leads = true;
  private final ReleasedHosts hosts = another();

  @AfterEach
  void close() {
    log.close();
    cluster.close();
  }

  @Test
  void theNextLeaderKnowsWhatWasReleased() {
    assertThat(hosts.load()).isEmpty();
    hosts.note("alice", ALICE, DAY);
    hosts.store();
    ReleasedHosts next = another();
    assertThat(next.load()).isEmpty();
    assertThat(next.isKeptFromUser("alice", OTHER)).isTrue();
    assertThat(next.isKeptFromUser("alice", "Alice@Example.com")).isFalse();
    assertThat(next.isKeptFromUser("bob", OTHER)).isFalse();
    cluster.setTime(cluster.now().plus(DAY));
    assertThat(next.isKeptFromUser("alice", OTHER)).isFalse();
  }

  @Test
  void theConfigMapContainsNoAddress() {
    hosts.note("alice", ALICE, DAY);
    hosts.store();
    assertThat(stored()).containsOnlyKeys("alice");
    assertThat(stored().get("alice")).matches("[0-9a-f]{16} [0-9]+");
  }

  @Test
  void onlyAFirstOrAnOldNoteIsWritten() {
    hosts.store();
    hosts.note("alice", ALICE, DAY);
    hosts.store();
    hosts.note("alice", ALICE, DAY);
    hosts.store();
    assertThat(writes()).hasSize(1);
    cluster.setTime(cluster.now().plus(Duration.ofHours(3)));
    hosts.note("alice", ALICE, DAY);
    hosts.store();
    assertThat(writes()).hasSize(2);
  }

  @Test
  void manyReleasesShareAWrite() {
    List<Integer> users = IntStream.range(0, 200).boxed().toList();
    users.forEach(i -> hosts.note("u" + i, "u" + i + "@example.com", DAY));
    users.parallelStream().forEach(i -> hosts.store());
    assertThat(writes()).hasSize(1);
    assertThat(stored()).hasSize(200);
  }

  @Test
  void aRefusedWriteIsReportedOnceAndTriedAgain() {
    cluster.server.rejectOnce(
        request -> request.path().contains("configmaps"), 403, "Forbidden", "no permission");
    hosts.note("alice", ALICE, DAY);
    hosts.store();
    assertThat(hosts.isKeptFromUser("alice", OTHER)).as("in memory").isTrue();
    assertThat(log.messages(Level.WARN)).singleElement().asString().contains("no permission");
    hosts.store();
    assertThat(writes()).as("within the pause").hasSize(1);
    cluster.setTime(cluster.now().plusSeconds(6));
    hosts.store();
    assertThat(stored()).containsOnlyKeys("alice");
  }

  @Test
  void twoLeadersLoseNothing() {
    ReleasedHosts other = another();
    hosts.note("alice", ALICE, DAY);
    hosts.store();
    other.note("bob", "bob@example.com", DAY);
    other.store();
    hosts.note("carol", "carol@example.com", DAY);
    hosts.store();
    assertThat(stored()).containsOnlyKeys("alice", "bob", "carol");
    cluster.server.remove(ResourceType.CONFIG_MAP, NAMESPACE, ReleasedHosts.NAME);
    hosts.note("dave", "dave@example.com", DAY);
    hosts.store();
    assertThat(stored()).hasSize(4);
  }

  @Test
  void whoDoesNotLeadWritesNothing() {
    leads = false;
    hosts.note("alice", ALICE, DAY);
    hosts.store();
    assertThat(writes()).isEmpty();
  }

  @Test
  void oneUserDisplacesOnlyTheUsersOwnEntries() {
    hosts.note("bob", "bob@example.com", DAY);
    for (int i = 0; i < 100; i++) {
      hosts.note("alice-" + i, ALICE, DAY.plusSeconds(i));
    }
    hosts.store();
    assertThat(stored()).hasSize(ReleasedHosts.MAX_ENTRIES_OF_USER + 1).containsKey("bob");
  }

  @Test
  void theConfigMapStaysBelowItsLimit() {
    for (int i = 0; i < ReleasedHosts.MAX_ENTRIES + 10; i++) {
      hosts.note("h" + i + "-".repeat(50) + "x", "u" + i + "@example.com", DAY.plusSeconds(i));
    }
    hosts.store();
    assertThat(stored()).hasSize(ReleasedHosts.MAX_ENTRIES).doesNotContainKey("h0");
    assertThat(stored().toString()).hasSizeLessThan(600_000);
  }

  @Test
  void entriesThatCannotBeReadAreSkipped() {
    cluster.server.put(
        ResourceType.CONFIG_MAP,
        """
        {"metadata": {"name": "vdi-released-hosts", "namespace": "vdi-system"},
         "data": {"alice": "x", "bob": "y z", "carol": "h 9999999999999999999", "dave": "h 99999999999"}}
        """);
    assertThat(hosts.load()).isEmpty();
    assertThat(hosts.isKeptFromUser("alice", OTHER)).isFalse();
    assertThat(hosts.isKeptFromUser("dave", OTHER)).isTrue();
  }

  private ReleasedHosts another() {
    return new ReleasedHosts(cluster.client, NAMESPACE, cluster.clock(), () -> leads);
  }

  private Map<String, String> stored() {
    return cluster
        .client
        .get(ResourceType.CONFIG_MAP, NAMESPACE, ReleasedHosts.NAME)
        .orElseThrow()
        .data();
  }

  private List<FakeApiServer.Request> writes() {
    return cluster.server.requests().stream()
        .filter(request -> !request.method().equals("GET"))
        .toList();
  }
}
