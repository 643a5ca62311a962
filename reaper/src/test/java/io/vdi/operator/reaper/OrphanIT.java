package io.vdi.operator.reaper;

import static io.vdi.operator.reaper.TestReaper.REAPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.testing.ChildObject;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Objects of every type whose session does not exist any more, and retained homes. */
@ExtendWith(ClusterExtension.class)
class OrphanIT {
  private static final String CONFIG =
      "sweepInterval: 1s\norphanGracePeriod: 2s\nhomeRetention: 3s\nconfirmMassDeletion: true\n";

  private final Cluster cluster;
  private final TestNamespace namespace;

  OrphanIT(Cluster cluster, TestNamespace namespace) {
    this.cluster = cluster;
    this.namespace = namespace.withPatience(TestReaper.PATIENCE);
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestReaper.install(cluster);
    RouterAddon.installCrds(cluster);
    RouterAddon.installGatewayCrds(cluster);
    TestTemplates.apply(api, "plain", "");
  }

  @Test
  void deletesWhatACascadeOrphanDeletionLeaves() {
    SessionFixture session = namespace.session("orphaning").create("template: plain");
    SessionFixture.allChildTypes().forEach(session::createChild);
    awaitGarbageCollector();
    session.deleteAndOrphanChildren();
    session.awaitNotFound();
    for (ResourceType<?> type : SessionFixture.allChildTypes()) {
      await("the garbage collector to remove the owner of " + type)
          .atMost(TestReaper.PATIENCE.multipliedBy(3))
          .until(() -> metadata(session, type), metadata -> !metadata.has("ownerReferences"));
    }
    try (RunningService reaper = REAPER.withConfigFile(CONFIG).start(cluster)) {
      SessionFixture.allChildTypes().forEach(session::awaitChildDeletion);
      assertThat(Report.of(reaper).json().keySet()).contains("lastSweep");
    }
  }

  /**
   * Waits until the garbage collector knows all objects that exist now. It deletes one that it
   * learns of only after its owner is deleted. It handles the objects of one type in order, so the
   * deletion of a later object whose owner does not exist shows that it knows the earlier ones.
   */
  private void awaitGarbageCollector() {
    SessionFixture later =
        namespace.withPatience(TestReaper.PATIENCE.multipliedBy(3)).session("later");
    createChildrenOf(later, "uid-of-later");
    SessionFixture.allChildTypes().forEach(later::awaitChildDeletion);
  }

  /** Without a garbage collector, so that only the reaper deletes. */
  @Test
  @DisplayName("Deletes objects of an earlier session and keeps those of existing sessions")
  void deletesObjectsOfEarlierSession() {
    assumeTrue(
        cluster instanceof EmbeddedCluster,
        "stops the garbage collector: only in a cluster of our own");
    EmbeddedCluster embedded = (EmbeddedCluster) cluster;
    embedded.controllerManager().close();
    try {
      // As after a restore from a backup: the session has a new UID, its objects name the old one.
      SessionFixture restored = namespace.session("restored").create("template: plain");
      createChildrenOf(restored, "an-earlier-uid");
      // As after a crash of the controller, when the session has lost its finalizer.
      SessionFixture left = namespace.session("left");
      createChildrenOf(left, "uid-of-left");
      SessionFixture living = namespace.session("living").create("template: plain");
      SessionFixture.allChildTypes().forEach(living::createChild);
      try (RunningService reaper = REAPER.withConfigFile(CONFIG).start(cluster)) {
        for (ResourceType<?> type : SessionFixture.allChildTypes()) {
          left.awaitChildDeletion(type);
          if (type.isSameResource(ResourceType.PERSISTENT_VOLUME_CLAIM)) {
            restored.expectChild(type);
          } else {
            restored.awaitChildDeletion(type);
          }
        }
        SessionFixture.allChildTypes().forEach(living::expectChild);
        restored.expectExists();
        living.expectExists();
        assertThat(Report.of(reaper).json().keySet()).contains("counts");
      }
    } finally {
      embedded.controllerManager().restart();
    }
  }

  private static void createChildrenOf(SessionFixture session, String uid) {
    for (ResourceType<?> type : SessionFixture.allChildTypes()) {
      session.newChild(type).ownedBy(session.asOwner(uid)).create();
    }
  }

  /** Velero removes the owners of all objects that it restores. The controller adopts them. */
  @Test
  void leavesChildrenWithoutOwnerToTheirSessionUntilItIsDeleted() {
    SessionFixture restored = namespace.session("restored-by-velero").create("template: plain");
    for (ResourceType<?> type : SessionFixture.allChildTypes()) {
      restored.newChild(type).create();
    }
    SessionFixture orphan = createService("orphan-of-nobody", UnaryOperator.identity());
    try (RunningService reaper = REAPER.withConfigFile(CONFIG).start(cluster)) {
      orphan.awaitChildDeletion(ResourceType.SERVICE);
      Instant first = Report.of(reaper).lastSweep();
      awaitReport(reaper, "two more sweeps", r -> r.lastSweep().isAfter(first.plusSeconds(3)));
      SessionFixture.allChildTypes().forEach(restored::expectChild);
      assertThat(Report.of(reaper).contains("restored-by-velero")).isFalse();
      restored.delete();
      SessionFixture.allChildTypes().forEach(restored::awaitChildDeletion);
    }
  }

  @Test
  void neverChangesAnObjectThatDiffersFromAnOrphanInOnePoint() {
    JsonObject owner =
        namespace
            .session("the-owner")
            .create("template: plain")
            .newChild(ResourceType.SERVICE)
            .ownedBySession()
            .create();
    OwnerReference notASession =
        new OwnerReference(
            "v1",
            "Service",
            "the-owner",
            owner.getAsJsonObject("metadata").get("uid").getAsString(),
            false);
    List<SessionFixture> similar =
        List.of(
            createService("a-label-less", service -> service.withoutLabel(Labels.NAME)),
            createService("another-app", service -> service.label(Labels.NAME, "vdi")),
            createService("other-manager", service -> service.label(Labels.MANAGED_BY, "Helm")),
            createService("other-user", service -> service.label(Labels.USER, "eve")),
            createService("other-name", service -> service.label(Labels.INSTANCE, "desk")),
            createService("without-email", ChildObject::withoutAnnotations),
            createService("owned", service -> service.ownedBy(notASession)),
            createService("kept", service -> service.annotation(Annotations.KEEP, "true")));
    List<String> versions = versions(similar);

    SessionFixture orphan = createService("orphan", UnaryOperator.identity());
    try (RunningService reaper = REAPER.withConfigFile(CONFIG).start(cluster)) {
      orphan.awaitChildDeletion(ResourceType.SERVICE);
      Instant first = Report.of(reaper).lastSweep();
      awaitReport(reaper, "two more sweeps", r -> r.lastSweep().isAfter(first.plusSeconds(3)));
      assertThat(versions(similar)).isEqualTo(versions);
    }
  }

  private SessionFixture createService(String name, UnaryOperator<ChildObject> change) {
    SessionFixture session = namespace.session(name);
    change.apply(session.newChild(ResourceType.SERVICE)).create();
    return session;
  }

  private static List<String> versions(List<SessionFixture> sessions) {
    List<String> versions = new ArrayList<>();
    for (SessionFixture session : sessions) {
      versions.add(metadata(session, ResourceType.SERVICE).get("resourceVersion").getAsString());
    }
    return versions;
  }

  @Test
  void keepsHomeForTheRetentionTimeAndWhileAPodUsesIt() {
    SessionFixture session = namespace.session("traveller");
    session.newChild(ResourceType.PERSISTENT_VOLUME_CLAIM).create();
    SessionFixture user = namespace.session("user-of-home");
    user.newChild(ResourceType.POD)
        .withoutLabels()
        .spec(
            "volumes",
            JsonParser.parseString(
                "[{\"name\": \"h\", \"persistentVolumeClaim\": {\"claimName\": \"vdi-data-traveller\"}}]"))
        .create();
    try (RunningService reaper = REAPER.withConfigFile(CONFIG).start(cluster)) {
      awaitReleasedAt(session, Optional::isPresent);
      awaitReport(reaper, "the pod to keep the home", r -> r.contains("pod user-of-home uses it"));
      session.expectChild(ResourceType.PERSISTENT_VOLUME_CLAIM);
      assertThat(Report.of(reaper).count("home")).isPositive();

      // The user returns, so the retention time ends. A session of another user has no effect.
      session.create("template: plain");
      awaitReleasedAt(session, Optional::isEmpty);
      session.delete();
      awaitReleasedAt(session, Optional::isPresent);
      user.deletePodImmediately();
    }
    // Another reaper: the first one checks a home in use again only after a minute.
    try (RunningService reaper = REAPER.withConfigFile(CONFIG).start(cluster)) {
      session.awaitChildDeletion(ResourceType.PERSISTENT_VOLUME_CLAIM);
      assertThat(Report.of(reaper).json().keySet()).contains("counts");
    }
  }

  @Test
  void retentionZeroKeepsHomesForever() {
    SessionFixture session = namespace.session("eternal");
    session.newChild(ResourceType.PERSISTENT_VOLUME_CLAIM).create();
    String config = CONFIG.replace("homeRetention: 3s", "homeRetention: 0");
    try (RunningService reaper = REAPER.withConfigFile(config).start(cluster)) {
      awaitReport(reaper, "the home", report -> report.contains("kept for ever"));
      session.expectChild(ResourceType.PERSISTENT_VOLUME_CLAIM);
    }
  }

  private static void awaitReport(RunningService reaper, String what, Predicate<Report> condition) {
    await("the report: " + what)
        .atMost(TestReaper.PATIENCE)
        .until(() -> Report.of(reaper), condition);
  }

  private static void awaitReleasedAt(
      SessionFixture session, Predicate<Optional<String>> condition) {
    await("the annotation released-at of the home")
        .atMost(TestReaper.PATIENCE)
        .until(
            () ->
                session
                    .child(ResourceType.PERSISTENT_VOLUME_CLAIM)
                    .orElseThrow()
                    .metadata()
                    .annotation(Annotations.RELEASED_AT),
            condition);
  }

  private static JsonObject metadata(SessionFixture session, ResourceType<?> type) {
    return session.childJson(type).getAsJsonObject("metadata");
  }
}
