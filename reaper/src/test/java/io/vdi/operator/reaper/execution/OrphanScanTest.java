package io.vdi.operator.reaper.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OrphanScanTest {
  private final ExecutionFixture fixture = new ExecutionFixture();
  private final List<SessionKey> queued = new ArrayList<>();
  private final List<ObjectKey> candidates = new ArrayList<>();
  private final OrphanScan scan =
      new OrphanScan(
          fixture.api,
          WatchedNamespaces.ALL,
          fixture.sessions,
          queued::add,
          candidates::add,
          () -> fixture.leader);

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void theTypesAreThoseOfAllChildren() {
    assertThat(OrphanScan.TYPES)
        .extracting(ResourceType::qualifiedName)
        .containsExactlyInAnyOrder(
            "pods",
            "persistentvolumeclaims",
            "secrets",
            "services",
            "ingressroutes.traefik.io",
            "ingresses.networking.k8s.io",
            "httproutes.gateway.networking.k8s.io",
            "resourceclaimtemplates.resource.k8s.io",
            "roles.rbac.authorization.k8s.io",
            "rolebindings.rbac.authorization.k8s.io");
    assertThat(OrphanScan.TYPES).allMatch(ResourceType::isMetadataOnly);
  }

  @Test
  void everySessionInTheCacheIsQueued() {
    fixture.running("one", "8h");
    fixture.running("two", "8h");
    Thread.ofVirtual().start(fixture.sessions::start);
    await().until(fixture.sessions::isSynced);
    scan.run();
    assertThat(queued)
        .containsExactlyInAnyOrder(new SessionKey("ns", "one"), new SessionKey("ns", "two"));
  }

  @Test
  void childrenWithoutTheirSessionAreCandidatesWhateverTheirKind() {
    for (ChildKind kind : ChildKind.values()) {
      fixture.child(kind, Optional.of("uid-gone"), "");
    }
    scan.run();
    assertThat(candidates)
        .extracting(ObjectKey::toString)
        .containsExactlyInAnyOrder(
            "Secret ns/vdi-auth-desk",
            "PersistentVolumeClaim ns/vdi-data-desk",
            "Service ns/desk",
            "IngressRoute ns/desk",
            "ResourceClaimTemplate ns/vdi-gpu-desk",
            "Pod ns/desk",
            "Role ns/vdi-auth-desk",
            "RoleBinding ns/vdi-auth-desk");
  }

  @Test
  void onlyTheWatchedNamespacesAreSearched() {
    fixture.child(ChildKind.POD, Optional.of("uid-gone"), "");
    scan(List.of("other")).run();
    assertThat(candidates).isEmpty();
    scan(List.of("other", "ns")).run();
    assertThat(candidates).extracting(ObjectKey::toString).containsExactly("Pod ns/desk");
  }

  private OrphanScan scan(List<String> namespaces) {
    return new OrphanScan(
        fixture.api,
        WatchedNamespaces.of(namespaces),
        fixture.sessions,
        queued::add,
        candidates::add,
        () -> fixture.leader);
  }

  @Test
  void childrenOfTheirSessionAreNoCandidates() {
    fixture.running("desk", "8h");
    for (ChildKind kind : ChildKind.values()) {
      fixture.child(kind, Optional.of("uid-desk"), "");
    }
    scan.run();
    assertThat(candidates).isEmpty();
  }

  @Test
  void childrenThatHaveLostTheirOwnerAreNoCandidatesWhileTheirSessionExists() {
    fixture.running("desk", "8h");
    for (ChildKind kind : ChildKind.values()) {
      fixture.child(kind, Optional.empty(), "");
    }
    scan.run();
    assertThat(candidates).isEmpty();
  }

  @Test
  void childrenOfAnEarlierSessionOfThatNameAreCandidates() {
    fixture.running("desk", "8h");
    fixture.child(ChildKind.POD, Optional.of("uid-earlier"), "");
    scan.run();
    assertThat(candidates).extracting(ObjectKey::name).containsExactly("desk");
  }

  @Test
  void aHomeIsACandidateUnlessItsSessionUsesItWithoutAReleaseMark() {
    fixture.running("desk", "8h");
    fixture.child(ChildKind.HOME, Optional.empty(), "");
    scan.run();
    assertThat(candidates).as("a home in use").isEmpty();
    fixture.child(
        ChildKind.HOME,
        Optional.empty(),
        ", \"vdi.kasm.io/released-at\": \"2026-03-01T12:00:00Z\"");
    scan.run();
    assertThat(candidates).as("a home in use with a release mark").hasSize(1);
  }

  @Test
  void objectsWithoutAllMarksAreNoCandidates() {
    ObjectKey service = fixture.child(ChildKind.SERVICE, Optional.empty(), "");
    fixture.change(
        service.type(),
        "desk",
        "{\"metadata\": {\"labels\": {\"vdi.kasm.io/user\": \"eve-example.com\"}}}");
    scan.run();
    assertThat(candidates).isEmpty();
  }

  @Test
  void allPagesOfAListAreRead() {
    fixture.server.pageSize(2);
    for (int i = 0; i < 7; i++) {
      fixture.add(
          ResourceType.SERVICE,
          """
          {"metadata": {"name": "lost-%1$d", "namespace": "ns-%1$d", "labels": {
             "app.kubernetes.io/name": "vdi-session", "app.kubernetes.io/instance": "lost-%1$d",
             "app.kubernetes.io/managed-by": "vdi-operator",
             "vdi.kasm.io/user": "alice-example.com"},
           "annotations": {"vdi.kasm.io/user": "alice@example.com"}}}
          """
              .formatted(i));
    }
    scan.run();
    assertThat(candidates).hasSize(7);
    assertThat(fixture.requests("GET"))
        .filteredOn(request -> request.endsWith("/services"))
        .as("pages")
        .hasSize(4);
  }

  @Test
  void aTypeThatCannotBeListedDoesNotStopTheScan() {
    fixture.child(ChildKind.POD, Optional.of("uid-gone"), "");
    fixture.child(ChildKind.SERVICE, Optional.of("uid-gone"), "");
    fixture.refuse("GET", ResourceType.SERVICE.path(""), 403);
    fixture.refuse("GET", ResourceType.INGRESS_ROUTE.path(""), 404);
    scan.run();
    assertThat(candidates).extracting(ObjectKey::toString).containsExactly("Pod ns/desk");
    fixture.server.respondNormally();
    scan.run();
    assertThat(candidates).extracting(ObjectKey::toString).contains("Service ns/desk");
  }

  @Test
  void theScanEndsWhenTheReplicaIsNotTheLeaderAnyMore() {
    fixture.child(ChildKind.POD, Optional.of("uid-gone"), "");
    fixture.leader = false;
    scan.run();
    assertThat(candidates).isEmpty();
    assertThat(fixture.requests("GET")).isEmpty();
  }
}
