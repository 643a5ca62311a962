package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What goes wrong around a session heals without losing data; docs/specification.md, section 3. */
@ExtendWith(ClusterExtension.class)
class RecoveryIT {
  private static final String GUARDS =
      "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  RecoveryIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
  }

  @Test
  void aRefusedResizePreventsNeitherSuspendNorANewPod() {
    storageClass("fixed-size");
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session =
          namespace
              .session("resize")
              .create("template: kwok, persistence: {size: 1Gi, storageClassName: fixed-size}");
      session.awaitPhase(Phase.RUNNING);
      session.patchSpec("persistence: {size: 2Gi}");
      session.awaitUntil(
          "the refusal",
          s -> hasReason(s, Condition.STORAGE_READY, "ResizeRefused") && isRunning(s));
      session.deleteChildAndAwaitAnother(ResourceType.POD);
      session.awaitPhase(Phase.RUNNING);
      session.suspend();
      session.awaitPhase(Phase.SUSPENDED);
      session.resume();
      session.awaitPhase(Phase.RUNNING);
    }
  }

  @Test
  void aPodThatTheNodeEndedIsCreatedAgain() {
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = namespace.session("ended").create("template: manual");
      session.kubeletReportsReady();
      VdiSession running = session.awaitPhase(Phase.RUNNING);
      String home = session.child(ResourceType.PERSISTENT_VOLUME_CLAIM).orElseThrow().uid();
      for (int restarts = 1; restarts <= 2; restarts++) {
        String pod = session.child(ResourceType.POD).orElseThrow().uid();
        session.kubeletReports(
            "{\"phase\": \"Failed\", \"reason\": \"UnexpectedAdmissionError\","
                + " \"message\": \"no device\"}");
        await("another pod")
            .atMost(SessionFixture.PATIENCE)
            .until(
                () -> session.child(ResourceType.POD).ok(),
                found -> found.filter(other -> !other.uid().equals(pod)).isPresent());
        session.kubeletReportsReady();
        int expected = restarts;
        session.awaitUntil("the count", s -> s.status().restarts() == expected && isRunning(s));
      }
      assertThat(session.get().status().startTime()).isEqualTo(running.status().startTime());
      assertThat(session.child(ResourceType.PERSISTENT_VOLUME_CLAIM).orElseThrow().uid())
          .isEqualTo(home);
      session.awaitEvent("PodReplaced");
    }
  }

  @Test
  void aCorrectedTemplateReplacesAPodThatNeverRan() {
    TestTemplates.applyManual(api, "misspelt", "encoder: misspelt");
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = namespace.session("misspelt").create("template: misspelt");
      session.kubeletReports(
          """
          {"containerStatuses": [{"name": "selkies", "image": "x", "imageID": "", "ready": false,
            "restartCount": 0,
            "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}]}
          """);
      session.awaitPhase(Phase.FAILED);
      TestTemplates.applyManual(api, "misspelt", "encoder: x264enc");
      await("the old pod to be deleted")
          .atMost(SessionFixture.PATIENCE)
          .until(() ->
              session
                  .child(ResourceType.POD)
                  .ok()
                  .filter(pod -> !pod.metadata().isDeleting())
                  .isEmpty());
      session.kubeletRemovesPod();
      await("a pod from the corrected template")
          .atMost(SessionFixture.PATIENCE)
          .ignoreExceptions()
          .until(() -> session.childJson(ResourceType.POD).toString().contains("x264enc"));
      session.kubeletReportsReady();
      session.awaitPhase(Phase.RUNNING);
    }
  }

  @Test
  void retainThatWasSetWhileTheControllerWasAwayDecidesAtTheDeletion() {
    SessionFixture session = runningSession("retain", "persistence: {reclaimPolicy: Delete}");
    session.patchSpec("persistence: {reclaimPolicy: Retain}");
    session.delete();
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.awaitNotFound();
      expectHomeStays(session);
    }
  }

  @Test
  void deleteThatWasSetWhileTheControllerWasAwayDecidesAtTheDeletion() {
    SessionFixture session = runningSession("no-retain", "persistence: {reclaimPolicy: Retain}");
    session.patchSpec("persistence: {reclaimPolicy: Delete}");
    session.delete();
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.awaitNotFound();
      session.awaitChildNotFound(ResourceType.PERSISTENT_VOLUME_CLAIM);
    }
  }

  @Test
  void aSessionThatTheOperatorEndsReleasesItsHome() {
    SessionFixture session = runningSession("ended-by", "persistence: {reclaimPolicy: Delete}");
    session.tryPatch(
        "{\"metadata\": {\"annotations\": {\"" + Annotations.ENDED_BY + "\": \"timeout\"}}}");
    session.delete();
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.awaitNotFound();
      expectHomeStays(session);
    }
  }

  @Test
  @DisplayName("Children without owners, as after a restore with Velero, are adopted")
  void childrenWithoutOwnersAreAdopted() {
    SessionFixture session = runningSession("restored", "persistence: {reclaimPolicy: Delete}");
    String uid = session.get().uid();
    SessionFixture.childTypes().forEach(type -> session.awaitChild(type));
    List<String> children = childUids(session);
    for (ResourceType<?> type : SessionFixture.childTypes()) {
      patchChild(session, type, "{\"metadata\": {\"ownerReferences\": null}}");
    }
    try (RunningService _ = CONTROLLER.start(cluster)) {
      for (ResourceType<?> type : SessionFixture.childTypes()) {
        await(type.kind() + " to be adopted")
            .atMost(SessionFixture.PATIENCE)
            .until(() -> session.child(type).orElseThrow().metadata().isControlledBy(uid));
      }
      assertThat(childUids(session)).isEqualTo(children);
      assertThat(session.get().status().phase()).isEqualTo(Phase.RUNNING);
    }
  }

  @Test
  @DisplayName("A session and its children that a backup tool restores are one session again")
  void restoredFromABackup() {
    SessionFixture session = runningSession("backup", "persistence: {reclaimPolicy: Retain}");
    List<ResourceType<?>> order =
        List.of(
            ResourceType.PERSISTENT_VOLUME_CLAIM,
            ResourceType.SECRET,
            ResourceType.POD,
            ResourceType.SERVICE,
            ResourceType.INGRESS_ROUTE,
            ResourceType.ROLE,
            ResourceType.ROLE_BINDING);
    // The desktop does not wait for the last two.
    order.forEach(type -> session.awaitChild(type));
    List<JsonObject> backup =
        order.stream().map(type -> backedUp(session.childJson(type))).toList();
    JsonObject sessionBackup = backedUp(api.request("GET", session.path(), null).orElseThrow());
    session.removeFinalizers();
    session.deleteAndAwaitNotFound();
    for (ResourceType<?> type : order) {
      api.request("DELETE", session.childPath(type), null);
      session.awaitChildNotFound(type);
    }

    for (int i = 0; i < order.size(); i++) {
      api.create(order.get(i), namespace.name(), backup.get(i)).orElseThrow();
    }
    api.create(ResourceType.SESSION, namespace.name(), sessionBackup).orElseThrow();
    List<String> restored = childUids(session);
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.awaitPhase(Phase.RUNNING);
      String uid = session.get().uid();
      for (ResourceType<?> type : order.subList(1, order.size())) {
        await(type.kind() + " to be adopted")
            .atMost(SessionFixture.PATIENCE)
            .until(() -> session.child(type).orElseThrow().metadata().isControlledBy(uid));
      }
      assertThat(childUids(session)).isEqualTo(restored);
    }
  }

  /** What a backup tool restores of an object: no owner, no UID, no status, no finalizers. */
  private static JsonObject backedUp(JsonObject object) {
    JsonObject copy = object.deepCopy();
    copy.remove("status");
    JsonObject metadata = new JsonObject();
    for (String kept : List.of("name", "namespace", "labels", "annotations")) {
      if (object.getAsJsonObject("metadata").has(kept)) {
        metadata.add(kept, object.getAsJsonObject("metadata").get(kept));
      }
    }
    if (metadata.has("annotations")) {
      // Velero drops them too, so that the claim is bound again.
      metadata
          .getAsJsonObject("annotations")
          .keySet()
          .removeIf(key -> key.startsWith("pv.kubernetes.io/"));
    }
    copy.add("metadata", metadata);
    if (copy.has("spec")) {
      JsonObject spec = copy.getAsJsonObject("spec");
      List.of("clusterIP", "clusterIPs", "volumeName", "nodeName").forEach(spec::remove);
    }
    return copy;
  }

  @Test
  void aNewSecretWhileTheDesktopRunsIsReportedUntilTheNextResume() {
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = namespace.session("credentials").create("template: kwok");
      session.awaitPhase(Phase.RUNNING);
      // Creation times have a resolution of one second.
      awaitNextSecond(session);
      session.deleteChildAndAwaitAnother(ResourceType.SECRET);
      session.awaitUntil(
          "the reason", s -> hasReason(s, Condition.READY, "CredentialsChanged") && isRunning(s));
      session.suspend();
      session.awaitPhase(Phase.SUSPENDED);
      session.resume();
      session.awaitUntil("the new password", s -> hasReason(s, Condition.READY, "DesktopReady"));
    }
  }

  @Test
  void anotherWebhookThatIsDownIsNamedAndTheSessionStartsWhenItIsBack() {
    try (RunningService _ = CONTROLLER.start(cluster)) {
      guardPods();
      SessionFixture session = namespace.session("guarded").create("template: kwok");
      VdiSession pending =
          await("the words of the API server")
              .atMost(Duration.ofSeconds(30))
              .until(session::get, s -> s.status().message().contains("guard.example.com"));
      assertThat(pending.status().phase()).isEqualTo(Phase.PENDING);
      assertThat(pending.status().message())
          .startsWith("Pod guarded cannot be created: ")
          .endsWith("; retrying");
      assertThat(session.hasChild(ResourceType.SERVICE)).isTrue();
      api.request("DELETE", GUARDS + "/guard", null).orElseThrow();
      session.awaitPhase(Phase.RUNNING);
    }
  }

  @Test
  @DisplayName("delete --cascade=orphan while the controller is away: it deletes the desktop later")
  void orphanedChildrenAreDeletedWhenTheControllerIsBack() {
    SessionFixture session = runningSession("orphaned", "persistence: {reclaimPolicy: Delete}");
    session.deleteAndOrphanChildren();
    await("the garbage collector to remove the owners")
        .atMost(SessionFixture.PATIENCE)
        .until(
            () -> session.child(ResourceType.POD).orElseThrow().metadata().controller().isEmpty());
    assertThat(session.exists()).isTrue();
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.awaitNotFound();
      session.awaitChildNotFound(ResourceType.POD);
      session.awaitChildNotFound(ResourceType.INGRESS_ROUTE);
      session.awaitChildNotFound(ResourceType.SERVICE);
      session.awaitChildNotFound(ResourceType.SECRET);
      expectHomeStays(session);
    }
  }

  /** A session that runs; the controller is away afterwards. */
  private SessionFixture runningSession(String name, String spec) {
    SessionFixture session = namespace.session(name);
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.create("template: kwok, " + spec);
      session.awaitPhase(Phase.RUNNING);
      session.awaitCondition(Condition.STORAGE_READY);
    }
    return session;
  }

  /** The garbage collector deletes a home with an owner within a second or two. */
  private static void expectHomeStays(SessionFixture session) {
    await()
        .during(Duration.ofSeconds(5))
        .atMost(SessionFixture.PATIENCE)
        .untilAsserted(() -> session.expectChild(ResourceType.PERSISTENT_VOLUME_CLAIM));
    assertThat(
            session
                .child(ResourceType.PERSISTENT_VOLUME_CLAIM)
                .orElseThrow()
                .metadata()
                .isDeleting())
        .isFalse();
  }

  private static void awaitNextSecond(SessionFixture session) {
    var pod = session.child(ResourceType.POD).orElseThrow().metadata().creationTimestamp();
    await().until(() -> Instant.now().isAfter(pod.plusSeconds(2)));
  }

  private static List<String> childUids(SessionFixture session) {
    return SessionFixture.childTypes().stream()
        .map(type -> session.child(type).orElseThrow().metadata().uid())
        .toList();
  }

  private void patchChild(SessionFixture session, ResourceType<?> type, String patch) {
    api.mergePatch(
            type,
            namespace.name(),
            session.childName(type),
            MergePatch.unconditional().merge(object(patch)).toJson())
        .orElseThrow();
  }

  /** A webhook with failurePolicy Fail that nobody serves. */
  private void guardPods() {
    api.request(
            "POST",
            GUARDS,
            object(
                """
                {"apiVersion": "admissionregistration.k8s.io/v1",
                 "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "guard"},
                 "webhooks": [{"name": "guard.example.com", "admissionReviewVersions": ["v1"],
                   "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 1,
                   "clientConfig": {"url": "https://127.0.0.1:1/guard"},
                   "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "%s"}},
                   "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                     "resources": ["pods"]}]}]}
                """
                    .formatted(namespace.name())))
        .orElseThrow();
    await("the webhook to be called")
        .atMost(SessionFixture.PATIENCE)
        .until(() ->
            api.request(
                    "POST",
                    "/api/v1/namespaces/" + namespace.name() + "/pods?dryRun=All",
                    object(
                        "{\"metadata\": {\"name\": \"probe\"}, \"spec\": {\"containers\":"
                            + " [{\"name\": \"x\", \"image\": \"x\"}]}}"))
                .failure()
                .filter(failure -> failure.message().contains("guard.example.com"))
                .isPresent());
  }

  private void storageClass(String name) {
    api.request(
            "POST",
            "/apis/storage.k8s.io/v1/storageclasses",
            object(
                """
                {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
                 "metadata": {"name": "%s"}, "provisioner": "%s",
                 "allowVolumeExpansion": false}
                """
                    .formatted(name, provisioner())))
        .orElseThrow();
  }

  private String provisioner() {
    return api.request("GET", "/apis/storage.k8s.io/v1/storageclasses", null)
        .orElseThrow()
        .getAsJsonArray("items")
        .get(0)
        .getAsJsonObject()
        .get("provisioner")
        .getAsString();
  }

  private static JsonObject object(String json) {
    return JsonParser.parseString(json).getAsJsonObject();
  }

  private static boolean hasReason(VdiSession session, String type, String reason) {
    return session
        .status()
        .condition(type)
        .filter(condition -> condition.reason().equals(reason))
        .isPresent();
  }

  private static boolean isRunning(VdiSession session) {
    return session.status().currentPhase().filter(phase -> phase == Phase.RUNNING).isPresent();
  }
}
