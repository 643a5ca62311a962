package io.vdi.operator.reaper;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Objects whose session is gone, of every kind, however they were left; and homes. */
@ExtendWith(ClusterExtension.class)
class OrphanIT {
  private static final String SETTINGS =
      "sweepInterval: 1s\norphanGracePeriod: 2s\nhomeRetention: 3s\nconfirmMassDeletion: true\n";

  private final Cluster cluster;
  private final ReaperFixture scene;

  OrphanIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.scene = new ReaperFixture(api, namespace.name());
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api, TestNamespace namespace) {
    RunningReaper.install(cluster);
    RouterAddon.installCrds(cluster);
    new ReaperFixture(api, namespace.name()).template("plain", "displayName: Plain");
  }

  @Test
  void whatASessionDeletedWithCascadeOrphanLeavesGoes() {
    VdiSession session = scene.session("orphaning", "template: plain");
    ReaperFixture.KINDS.forEach(kind -> scene.child(kind, session));
    scene
        .api()
        .request(
            "DELETE",
            scene.collection(ResourceType.SESSION) + "/orphaning",
            ReaperFixture.json("{\"propagationPolicy\": \"Orphan\"}"))
        .orElseThrow();
    scene.awaitGone("orphaning");
    await("the garbage collector to have taken off the owner")
        .atMost(ReaperFixture.PATIENCE.multipliedBy(3))
        .until(() ->
            ReaperFixture.KINDS.stream()
                .allMatch(kind -> !raw(kind, "orphaning").has("ownerReferences")));
    try (RunningReaper reaper = RunningReaper.start(cluster, SETTINGS)) {
      awaitGone("orphaning");
      assertTrue(reaper.report().has("lastSweep"));
    }
  }

  /** Without a garbage collector all is left to the reaper. */
  @Test
  void whatAnEarlierSessionOfTheSameNameLeftGoesAndTheNewOnesStays() {
    assumeTrue(
        cluster instanceof EmbeddedCluster, "only there the garbage collector can be stopped");
    EmbeddedCluster embedded = (EmbeddedCluster) cluster;
    embedded.controllerManager().close();
    try {
      // As after a restore from backup: the session is new, its objects name the old one's UID.
      VdiSession restored = scene.session("restored", "template: plain");
      ReaperFixture.KINDS.forEach(
          kind -> scene.child(kind, "restored", ReaperFixture.owner("restored", "an-earlier-uid")));
      // As a controller leaves them that died, and whose session lost its finalizer.
      ReaperFixture.KINDS.forEach(
          kind -> scene.child(kind, "left", ReaperFixture.owner("left", "uid-of-left")));
      VdiSession living = scene.session("living", "template: plain");
      ReaperFixture.KINDS.forEach(kind -> scene.child(kind, living));
      try (RunningReaper reaper = RunningReaper.start(cluster, SETTINGS)) {
        awaitGone("restored");
        awaitGone("left");
        for (ResourceType<?> kind : ReaperFixture.KINDS) {
          assertTrue(scene.stays(kind, ReaperFixture.childName(kind, "living")), kind.kind());
        }
        assertTrue(scene.exists(restored.name()) && scene.exists(living.name()));
        assertTrue(reaper.report().has("counts"));
      }
    } finally {
      embedded.controllerManager().restart();
    }
  }

  @Test
  void whatLooksAlikeButIsNotOursIsNeverTouched() {
    List<String> lookAlikes = new ArrayList<>();
    lookAlikes.add(lookAlike("a-label-less", labels -> labels.remove(Labels.NAME)));
    lookAlikes.add(lookAlike("another-app", labels -> labels.addProperty(Labels.NAME, "vdi")));
    lookAlikes.add(
        lookAlike("other-manager", labels -> labels.addProperty(Labels.MANAGED_BY, "Helm")));
    lookAlikes.add(lookAlike("other-user", labels -> labels.addProperty(Labels.USER, "eve")));
    lookAlikes.add(lookAlike("other-name", labels -> labels.addProperty(Labels.INSTANCE, "desk")));
    JsonObject withoutEmail = scene.manifest(ResourceType.SERVICE, "without-email", "");
    withoutEmail.getAsJsonObject("metadata").remove("annotations");
    scene.create(ResourceType.SERVICE, withoutEmail);
    lookAlikes.add("without-email");
    // Somebody's object with all our marks, but of another owner than a session.
    VdiSession desk = scene.session("the-owner", "template: plain");
    String owner =
        scene
            .child(ResourceType.SERVICE, desk)
            .getAsJsonObject("metadata")
            .get("uid")
            .getAsString();
    scene.child(
        ResourceType.SERVICE,
        "owned",
        "[{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"name\": \"the-owner\", \"uid\": \"%s\"}]"
            .formatted(owner));
    lookAlikes.add("owned");
    JsonObject kept = scene.manifest(ResourceType.SERVICE, "kept", "");
    kept.getAsJsonObject("metadata")
        .getAsJsonObject("annotations")
        .addProperty(Annotations.KEEP, "true");
    scene.create(ResourceType.SERVICE, kept);
    lookAlikes.add("kept");
    List<String> versions = lookAlikes.stream().map(this::version).toList();

    scene.child(ResourceType.SERVICE, "marker", "");
    try (RunningReaper reaper = RunningReaper.start(cluster, SETTINGS)) {
      await("a real orphan to go")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> scene.isGone(ResourceType.SERVICE, "marker"));
      String first = reaper.report().get("lastSweep").getAsString();
      await("two more sweeps")
          .atMost(ReaperFixture.PATIENCE)
          .until(() ->
              Instant.parse(reaper.report().get("lastSweep").getAsString())
                  .isAfter(Instant.parse(first).plusSeconds(3)));
      assertEquals(versions, lookAlikes.stream().map(this::version).toList());
    }
  }

  @Test
  void aHomeIsKeptForItsTimeAndNeverTakenFromAPod() {
    scene.child(ResourceType.PERSISTENT_VOLUME_CLAIM, "traveller", "");
    JsonObject pod = scene.manifest(ResourceType.POD, "user-of-home", "");
    JsonObject metadata = pod.getAsJsonObject("metadata");
    metadata.remove("labels");
    pod.getAsJsonObject("spec")
        .add(
            "volumes",
            ReaperFixture.json(
                    "{\"v\": [{\"name\": \"h\", \"persistentVolumeClaim\": {\"claimName\": \"vdi-data-traveller\"}}]}")
                .get("v"));
    scene.create(ResourceType.POD, pod);
    try (RunningReaper reaper = RunningReaper.start(cluster, SETTINGS)) {
      await("the note on the home")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> note("traveller") != null);
      await("its time to be over, and the pod to save it")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> reaper.report().toString().contains("pod user-of-home uses it"));
      assertTrue(scene.stays(ResourceType.PERSISTENT_VOLUME_CLAIM, "vdi-data-traveller"));
      assertTrue(reaper.reported("home") >= 1);

      // Its user comes back: the time is over no more. Somebody else's session would not help.
      scene.session("traveller", "template: plain");
      await("the note to go").atMost(ReaperFixture.PATIENCE).until(() -> note("traveller") == null);
      scene
          .api()
          .delete(
              ResourceType.SESSION, scene.namespace(), "traveller", scene.get("traveller").uid());
      await("a new note").atMost(ReaperFixture.PATIENCE).until(() -> note("traveller") != null);
      scene
          .api()
          .request(
              "DELETE",
              scene.collection(ResourceType.POD) + "/user-of-home",
              ReaperFixture.json("{\"gracePeriodSeconds\": 0}"))
          .orElseThrow();
    }
    // Anew, for the look at a home in use comes after a minute.
    try (RunningReaper reaper = RunningReaper.start(cluster, SETTINGS)) {
      await("the home to go")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> scene.isGone(ResourceType.PERSISTENT_VOLUME_CLAIM, "traveller"));
      assertTrue(reaper.report().has("counts"));
    }
  }

  @Test
  void retentionZeroKeepsHomesForEver() {
    scene.child(ResourceType.PERSISTENT_VOLUME_CLAIM, "eternal", "");
    try (RunningReaper reaper =
        RunningReaper.start(cluster, SETTINGS.replace("homeRetention: 3s", "homeRetention: 0"))) {
      await("the report")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> reaper.report().toString().contains("kept for ever"));
      assertTrue(scene.stays(ResourceType.PERSISTENT_VOLUME_CLAIM, "vdi-data-eternal"));
    }
  }

  private String lookAlike(String name, Consumer<JsonObject> change) {
    JsonObject object = scene.manifest(ResourceType.SERVICE, name, "");
    change.accept(object.getAsJsonObject("metadata").getAsJsonObject("labels"));
    scene.create(ResourceType.SERVICE, object);
    return name;
  }

  private String version(String service) {
    return raw(ResourceType.SERVICE, service).get("resourceVersion").getAsString();
  }

  private String note(String session) {
    JsonObject annotations =
        raw(ResourceType.PERSISTENT_VOLUME_CLAIM, session).getAsJsonObject("annotations");
    return annotations.has(Annotations.RELEASED_AT)
        ? annotations.get(Annotations.RELEASED_AT).getAsString()
        : null;
  }

  private JsonObject raw(ResourceType<?> kind, String session) {
    return scene
        .api()
        .request("GET", scene.collection(kind) + "/" + ReaperFixture.childName(kind, session), null)
        .orElseThrow()
        .getAsJsonObject("metadata");
  }

  private void awaitGone(String session) {
    for (ResourceType<?> kind : ReaperFixture.KINDS) {
      await(kind + " of " + session + " to go")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> scene.isGone(kind, session));
    }
  }
}
