package io.vdi.operator.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClusterAccessTest {
  private static final String SESSION = FakeCluster.session("alice");
  private static final String PODS = "/api/v1/namespaces/team-a/pods";

  private final FakeCluster server = new FakeCluster();
  private final ClusterAccess cluster = server.connect();

  @AfterEach
  void close() {
    cluster.close();
    server.close();
  }

  @Test
  void readsObjectsAndLists() {
    server.put(SESSION, "spec: {user: alice@example.com, template: ubuntu}");
    assertThat(cluster.session("alice").spec().user()).isEqualTo("alice@example.com");
    assertThat(cluster.sessions("team-a")).extracting(VdiSession::name).containsExactly("alice");
    assertThat(cluster.sessions("")).hasSize(1);
    server.put(PODS + "/alice", "{}").put(PODS + "/bob", "{}");
    assertThat(cluster.list(PODS)).extracting(Json::name).containsExactly("alice", "bob");
  }

  @Test
  void missingObjectsAreEmpty() {
    assertThat(cluster.get(PODS + "/alice")).isEmpty();
    assertThat(cluster.list(PODS)).isEmpty();
    assertThat(cluster.get(ResourceType.POD, "team-a", "alice")).isEmpty();
    assertThat(cluster.template("ubuntu")).isEmpty();
  }

  @Test
  void aMissingSessionFails() {
    assertThatThrownBy(() -> cluster.session("alice"))
        .isInstanceOf(CliException.Failed.class)
        .hasMessage("there is no session \"alice\" in namespace team-a");
  }

  @Test
  void aRejectionHasTheServersMessage() {
    server.reject("GET " + PODS, 403, "pods is forbidden");
    assertThatThrownBy(() -> cluster.list(PODS))
        .isInstanceOfSatisfying(
            CliException.ApiRejected.class,
            rejected -> {
              assertThat(rejected.isForbidden()).isTrue();
              assertThat(rejected.exitCode()).isEqualTo(1);
            })
        .hasMessage("pods is forbidden");
    server.reject("GET " + PODS, 500, "etcd is down");
    assertThatThrownBy(() -> cluster.list(PODS))
        .isInstanceOfSatisfying(
            CliException.ApiRejected.class,
            rejected -> assertThat(rejected.isForbidden()).isFalse());
  }

  @Test
  void anUnreachableServerFails() {
    server.close();
    assertThatThrownBy(() -> cluster.list(PODS))
        .isInstanceOf(CliException.Failed.class)
        .hasMessageContaining("GET " + PODS);
  }

  @Test
  void anObjectOfAnotherShapeFails() {
    server.put(SESSION, "spec: [a, list]");
    assertThatThrownBy(() -> cluster.session("alice"))
        .isInstanceOf(CliException.Failed.class)
        .hasMessageStartingWith("unreadable answer: ");
  }

  @Test
  void aSnapshotReadsEachPathOnceForAllThreads() throws InterruptedException {
    server.put(PODS + "/alice", "{}");
    ClusterAccess snapshot = cluster.snapshot();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      threads.invokeAll(
          IntStream.range(0, 20)
              .<Callable<Optional<JsonObject>>>mapToObj(i -> () -> snapshot.get(PODS + "/alice"))
              .toList());
    }
    assertThat(server.requests()).containsExactly("GET " + PODS + "/alice");
    server.remove(PODS + "/alice");
    assertThat(snapshot.get(PODS + "/alice")).isPresent();
    assertThat(cluster.get(PODS + "/alice")).isEmpty();
  }

  @Test
  void aSnapshotRepeatsAFailedRequest() {
    ClusterAccess snapshot = cluster.snapshot();
    server.reject("GET " + PODS, 503, "starting");
    assertThatThrownBy(() -> snapshot.list(PODS)).hasMessage("starting");
    server.serve(PODS);
    assertThat(snapshot.list(PODS)).isEmpty();
  }

  @Test
  void patchesASession() {
    server.put(SESSION, "spec: {user: alice@example.com, template: ubuntu, timeout: 8h}");
    VdiSession patched =
        cluster.patch(
            cluster.session("alice"), MergePatch.unconditional().set("spec.timeout", "9h"));
    assertThat(patched.spec().timeout()).isEqualTo("9h");
    assertThat(patched.spec().user()).isEqualTo("alice@example.com");
  }

  @Test
  void readsLogClockAndServedKinds() {
    server
        .time(Instant.parse("2026-01-01T12:00:00Z"))
        .text(PODS + "/alice/log", "one\ntwo\n")
        .put("/version", "gitVersion: v1.36.3")
        .put("/apis/traefik.io/v1alpha1", "resources: [{name: ingressroutes}]");
    assertThat(cluster.podLog("team-a", "alice", 10)).isEqualTo("one\ntwo\n");
    assertThat(server.requests())
        .contains("GET " + PODS + "/alice/log?container=selkies&tailLines=10");
    assertThat(cluster.serverTime()).isEqualTo("2026-01-01T12:00:00Z");
    assertThat(List.of(ResourceType.INGRESS_ROUTE, ResourceType.INGRESS))
        .map(cluster::serves)
        .containsExactly(true, false);
  }
}
