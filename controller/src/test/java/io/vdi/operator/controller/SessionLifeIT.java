package io.vdi.operator.controller;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.Tag;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.runtime.ObserveServer;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Spec.md sections 2 and 3 on a real API server. */
@ExtendWith(ClusterExtension.class)
class SessionLifeIT {
  private static RunningController controller;

  private final KubeClient api;
  private final String namespace;

  SessionLifeIT(KubeClient api, TestNamespace namespace) {
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void start(Cluster cluster, KubeClient api) {
    RouterAddon.installCrds(cluster);
    controller = RunningController.start(cluster, Map.of());
    SessionFixture.templates(api);
  }

  @AfterAll
  static void stop() {
    controller.close();
  }

  private SessionFixture desk(String name, String spec) {
    return SessionFixture.create(api, namespace, name, name + "@example.com", spec);
  }

  @Test
  void theSevenPhasesOfALife() {
    SessionFixture desk = desk("life", "template: manual, resources: {gpu: 101}");
    VdiSession pending =
        desk.awaitThat(
            "the scheduler's words",
            s -> s.status().message().contains("Insufficient nvidia.com/gpu"));
    assertEquals(Phase.PENDING, pending.status().phase());
    desk.delete();
    desk.awaitGone();

    SessionFixture second = desk("life", "template: manual");
    VdiSession creating = second.awaitPhase(Phase.CREATING);
    assertEquals("https://life.vdi.example.com", creating.status().url());
    assertEquals("life", creating.status().podName());
    assertEquals(null, creating.status().startTime());

    second.kubeletReady();
    VdiSession running = second.awaitPhase(Phase.RUNNING);
    assertEquals(
        running.status().startTime().plus(Duration.ofHours(8)), running.status().expiresAt());
    assertEquals(1, running.status().observedGeneration());
    for (String type :
        new String[] {
          Condition.READY,
          Condition.TEMPLATE_RESOLVED,
          Condition.POD_SCHEDULED,
          Condition.STORAGE_READY,
          Condition.ROUTE_READY
        }) {
      second.awaitThat(type, s -> s.status().condition(type).orElseThrow().isTrue());
    }

    second.patch("{\"spec\": {\"timeout\": \"10h\"}}");
    second.awaitThat(
        "a raised timeout extends",
        s ->
            s.status().expiresAt().equals(running.status().startTime().plus(Duration.ofHours(10))));

    second.patch("{\"spec\": {\"suspended\": true}}");
    second.kubeletStopped();
    VdiSession suspended = second.awaitPhase(Phase.SUSPENDED);
    assertEquals(null, suspended.status().startTime());
    assertEquals(running.status().url(), suspended.status().url());
    for (ResourceType<?> kind : SessionFixture.CHILDREN) {
      assertEquals(kind.equals(ResourceType.POD), second.child(kind).isNotFound(), kind.kind());
    }
    String password = password(second);

    second.patch("{\"spec\": {\"suspended\": false}}");
    second.kubeletReady();
    assertTrue(
        !second
            .awaitPhase(Phase.RUNNING)
            .status()
            .startTime()
            .isBefore(running.status().startTime()));
    assertEquals(password, password(second), "a password never changes");

    second.kubelet(
        "{\"phase\": \"Failed\", \"reason\": \"Evicted\", \"message\": \"low on memory\"}");
    assertTrue(second.awaitPhase(Phase.FAILED).status().message().contains("low on memory"));

    api.delete(
            ResourceType.POD, namespace, "life", second.child(ResourceType.POD).orElseThrow().uid())
        .orElseThrow();
    second.awaitPhase(Phase.CREATING);
    second.kubeletReady();
    second.awaitPhase(Phase.RUNNING);

    second.delete();
    second.awaitPhase(Phase.TERMINATING);
    second.kubeletStopped();
    second.awaitGone();
    await()
        .atMost(SessionFixture.PATIENCE)
        .untilAsserted(() -> {
          for (ResourceType<?> kind : SessionFixture.CHILDREN) {
            assertTrue(second.child(kind).isNotFound(), kind.kind());
          }
        });
  }

  @Test
  void everyPhaseHasItsEvent() {
    SessionFixture desk = desk("events", "template: kwok");
    desk.awaitPhase(Phase.RUNNING);
    await()
        .atMost(SessionFixture.PATIENCE)
        .untilAsserted(() -> {
          String events =
              api.request("GET", "/api/v1/namespaces/" + namespace + "/events", null)
                  .orElseThrow()
                  .toString();
          assertTrue(events.contains("\"reason\":\"Pending\""));
          assertTrue(events.contains("\"reason\":\"Creating\""));
          assertTrue(events.contains("the desktop is ready at https://events.vdi.example.com"));
          assertFalse(events.contains(password(desk)));
        });
  }

  @Test
  void aMissingTemplateFailsAndTheSessionGoesOnWhenItAppears() {
    SessionFixture desk = desk("late", "template: late-template");
    VdiSession failed = desk.awaitPhase(Phase.FAILED);
    assertEquals("Template not found: late-template", failed.status().message());
    assertTrue(desk.child(ResourceType.POD).isNotFound());
    Manifests.apply(
        api,
        """
        {apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: late-template},
         spec: {image: desktop, persistence: {storageClassName: kwok-volume},
          nodeSelector: {vdi.devcluster/simulated: "true"}}}
        """);
    desk.awaitPhase(Phase.RUNNING);
    await()
        .atMost(SessionFixture.PATIENCE)
        .until(() ->
            api.get(ResourceType.TEMPLATE, "", "late-template").orElseThrow().status().sessions()
                == 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Pod", "Secret", "Service", "IngressRoute"})
  void aChildDeletedByHandComesBack(String kindName) {
    SessionFixture desk =
        desk("heal-" + kindName.toLowerCase(java.util.Locale.ROOT), "template: kwok");
    VdiSession before = desk.awaitPhase(Phase.RUNNING);
    ResourceType<?> kind =
        SessionFixture.CHILDREN.stream()
            .filter(k -> k.kind().equals(kindName))
            .findFirst()
            .orElseThrow();
    KubeObject child = desk.awaitChild(kind);
    api.delete(kind, namespace, child.name(), child.uid()).orElseThrow();
    await()
        .atMost(SessionFixture.PATIENCE)
        .until(() ->
            desk.child(kind)
                .ok()
                .filter(now -> !now.uid().equals(child.uid()) && !now.metadata().isDeleting())
                .isPresent());
    desk.awaitPhase(Phase.RUNNING);
    assertEquals(before.status().startTime(), desk.session().status().startTime());
    assertEquals(before.status().url(), desk.session().status().url());
  }

  @Test
  void aLabelTakenOffByHandComesBack() {
    SessionFixture desk = desk("unlabelled", "template: kwok");
    desk.awaitPhase(Phase.RUNNING);
    api.mergePatch(
            ResourceType.SERVICE,
            namespace,
            "unlabelled",
            SessionFixture.parse(
                "{\"metadata\": {\"labels\": {\"" + Labels.MANAGED_BY + "\": null}}}"))
        .orElseThrow();
    await()
        .atMost(SessionFixture.PATIENCE)
        .until(() ->
            desk.child(ResourceType.SERVICE)
                .orElseThrow()
                .metadata()
                .label(Labels.MANAGED_BY)
                .isPresent());
    assertNotEquals(Phase.FAILED, desk.session().status().phase());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Service", "Secret", "PersistentVolumeClaim", "Pod", "IngressRoute"})
  void aForeignObjectInTheWayIsNamedAndNeverTouched(String kindName) {
    ResourceType<?> kind = kind(kindName);
    String name = "foreign-" + kindName.toLowerCase(Locale.ROOT);
    SessionFixture desk = new SessionFixture(api, namespace, name);
    desk.putInTheWay(kind);
    JsonObject before = desk.raw(kind).getAsJsonObject("metadata");
    desk.submit(name + "@example.com", "template: kwok").orElseThrow();
    assertEquals(
        kindName + " " + desk.childName(kind) + " exists and is not owned by this session",
        desk.awaitPhase(Phase.FAILED).status().message());
    assertEquals(kind.equals(ResourceType.POD), desk.child(ResourceType.POD).ok().isPresent());
    desk.delete();
    desk.awaitGone();
    JsonObject after = desk.raw(kind).getAsJsonObject("metadata");
    assertEquals(before.get("uid"), after.get("uid"));
    assertFalse(after.has("labels") || after.has("ownerReferences"), after.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Service", "Secret", "PersistentVolumeClaim", "IngressRoute"})
  void whatIsNotAsItShouldBeIsBroughtUpToDate(String kindName) {
    SessionFixture desk = desk("outdated-" + kindName.toLowerCase(Locale.ROOT), "template: kwok");
    desk.awaitPhase(Phase.RUNNING);
    desk.outdate(kind(kindName));
  }

  private static ResourceType<?> kind(String name) {
    return SessionFixture.CHILDREN.stream()
        .filter(k -> k.kind().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aLookAlikeWithOurLabelsButAnotherOwnerIsForeignToo() {
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: Secret
        metadata:
          name: vdi-auth-lookalike
          labels: {app.kubernetes.io/managed-by: vdi-operator, app.kubernetes.io/instance: lookalike}
        """,
        namespace);
    SessionFixture desk = desk("lookalike", "template: kwok");
    assertEquals(
        "Secret vdi-auth-lookalike exists and is not owned by this session",
        desk.awaitPhase(Phase.FAILED).status().message());
  }

  @Test
  void anImageThatCannotBePulledFailsAndHeals() {
    SessionFixture desk = desk("pull", "template: manual");
    desk.kubelet(
        """
        {"containerStatuses": [{"name": "selkies", "image": "x", "imageID": "", "ready": false, "restartCount": 0,
          "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]}
        """);
    assertEquals(
        "ImagePullBackOff: no such image [VDI231]",
        desk.awaitPhase(Phase.FAILED).status().message());
    desk.kubelet("{\"containerStatuses\": null}");
    desk.kubeletReady();
    desk.awaitPhase(Phase.RUNNING);
  }

  @Test
  void aStartThatTakesTooLongFailsAndGivesTheGpuBack() {
    SessionFixture desk = desk("slow", "template: hurried");
    desk.kubelet(
        """
        {"containerStatuses": [{"name": "selkies", "image": "x", "imageID": "", "ready": false, "restartCount": 0,
          "state": {"waiting": {"reason": "PodInitializing"}}}]}
        """);
    desk.awaitThat("told", s -> s.status().message().equals("PodInitializing"));
    // That this is over may be told much later; the end of patience may not.
    desk.kubelet("{\"containerStatuses\": null}");
    await()
        .atMost(Duration.ofSeconds(40))
        .until(() -> desk.session().status().phase() == Phase.FAILED);
    String message = desk.session().status().message();
    assertTrue(message.startsWith("not ready within the startup timeout of 12s"), message);
    desk.kubeletStopped();
    await().atMost(SessionFixture.PATIENCE).until(() -> desk.child(ResourceType.POD).isNotFound());
    desk.patch("{\"spec\": {\"suspended\": true}}");
    desk.awaitPhase(Phase.SUSPENDED);
    desk.patch("{\"spec\": {\"suspended\": false}}");
    desk.kubeletReady();
    desk.awaitPhase(Phase.RUNNING);
  }

  @Test
  void twoUsersWithTheSameLocalPartNeverShareAHost() {
    SessionFixture first =
        SessionFixture.create(api, namespace, "sam-1", "sam@example.com", "template: kwok");
    assertEquals("https://sam.vdi.example.com", first.awaitPhase(Phase.RUNNING).status().url());
    SessionFixture second =
        SessionFixture.create(api, namespace, "sam-2", "sam@other.org", "template: kwok");
    String url = second.awaitPhase(Phase.RUNNING).status().url();
    assertTrue(url.matches("https://sam-[0-9a-f]{8}\\.vdi\\.example\\.com"), url);
    assertTrue(
        second
            .raw(ResourceType.INGRESS_ROUTE)
            .toString()
            .contains("Host(`" + url.substring(8) + "`)"));
    first.delete();
    first.awaitGone();
    SessionFixture third =
        SessionFixture.create(api, namespace, "sam-3", "sam@third.org", "template: kwok");
    third.awaitPhase(Phase.RUNNING);
    assertEquals(url, second.session().status().url(), "a host never changes");
    assertEquals("https://sam.vdi.example.com", third.session().status().url());
  }

  @Test
  void aSpecChangeThatThePodCannotTakeIsToldAndDoneAtTheNextResume() {
    SessionFixture desk = desk("grow", "template: kwok");
    String pod = desk.awaitPhase(Phase.RUNNING).uid();
    String uid = desk.child(ResourceType.POD).orElseThrow().uid();
    desk.patch("{\"spec\": {\"resources\": {\"memory\": \"8Gi\"}}}");
    desk.awaitThat("told", s -> s.status().message().contains("next resume"));
    assertEquals(uid, desk.child(ResourceType.POD).orElseThrow().uid());
    desk.patch("{\"spec\": {\"suspended\": true}}");
    desk.awaitPhase(Phase.SUSPENDED);
    desk.patch("{\"spec\": {\"suspended\": false}}");
    desk.awaitPhase(Phase.RUNNING);
    assertTrue(desk.raw(ResourceType.POD).toString().contains("\"memory\":\"8Gi\""));
    assertFalse(pod.isEmpty());
  }

  @Test
  void theHomeGrowsWhereTheClassLetsItAndSaysSoWhereNot() {
    SessionFixture desk = desk("bigger", "template: kwok, persistence: {size: 1Gi}");
    desk.awaitPhase(Phase.RUNNING);
    desk.patch("{\"spec\": {\"persistence\": {\"size\": \"2Gi\"}}}");
    desk.awaitThat("the refusal", s -> s.status().message().contains("must support resize"));
    assertEquals(Phase.RUNNING, desk.session().status().phase());
    api.request("GET", "/apis/storage.k8s.io/v1/storageclasses/kwok-volume", null)
        .ok()
        .ifPresent(storageClass -> {
          storageClass.addProperty("allowVolumeExpansion", true);
          api.request("PUT", "/apis/storage.k8s.io/v1/storageclasses/kwok-volume", storageClass)
              .orElseThrow();
        });
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() ->
            desk.child(ResourceType.PERSISTENT_VOLUME_CLAIM)
                .orElseThrow()
                .requestedSize()
                .equals("2Gi"));
    desk.awaitThat("no complaint", s -> s.status().message().isEmpty());
  }

  @Test
  void aRetainedHomeOutlivesItsSessionAndGoesToTheSameUserOnly() {
    SessionFixture desk =
        SessionFixture.create(
            api,
            namespace,
            "keeper",
            "kim@example.com",
            "template: kwok, persistence: {reclaimPolicy: Retain}");
    desk.awaitPhase(Phase.RUNNING);
    String home = desk.child(ResourceType.PERSISTENT_VOLUME_CLAIM).orElseThrow().uid();
    desk.delete();
    desk.awaitGone();

    SessionFixture eve =
        SessionFixture.create(api, namespace, "keeper", "eve@example.com", "template: kwok");
    assertEquals(
        "PersistentVolumeClaim vdi-data-keeper exists and is not owned by this session",
        eve.awaitPhase(Phase.FAILED).status().message());
    eve.delete();
    eve.awaitGone();

    SessionFixture again =
        SessionFixture.create(api, namespace, "keeper", "kim@example.com", "template: kwok");
    again.awaitPhase(Phase.RUNNING);
    assertEquals(home, again.child(ResourceType.PERSISTENT_VOLUME_CLAIM).orElseThrow().uid());
    await("a Delete policy takes the home on")
        .atMost(SessionFixture.PATIENCE)
        .until(() ->
            again
                .child(ResourceType.PERSISTENT_VOLUME_CLAIM)
                .orElseThrow()
                .metadata()
                .isControlledBy(again.session().uid()));
  }

  @Test
  void withoutPersistenceThereIsNoClaim() {
    SessionFixture desk = desk("fleeting", "template: kwok, persistence: {enabled: false}");
    desk.awaitPhase(Phase.RUNNING);
    assertTrue(desk.child(ResourceType.PERSISTENT_VOLUME_CLAIM).isNotFound());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Plus+Tag@Example.com",
        "o'brien@example.com",
        "jörg.größe@münchen.de",
        "用户@例子.公司",
        "ALL.CAPS@EXAMPLE.COM",
        "+@a.b",
        "a@b@c.d",
        "x\"y`z|$(id)<&>%0A@e.f"
      })
  void everyOddEmailWorks(String email) {
    String name = "odd-" + Integer.toHexString(email.hashCode());
    SessionFixture desk = SessionFixture.create(api, namespace, name, email, "template: kwok");
    VdiSession running = desk.awaitPhase(Phase.RUNNING);
    assertEquals(
        email,
        desk.child(ResourceType.SERVICE)
            .orElseThrow()
            .metadata()
            .annotations()
            .get(Annotations.USER));
    String host = running.status().url().substring("https://".length());
    assertTrue(host.matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.vdi\\.example\\.com"), host);
  }

  @Test
  void namesAndEmailsAtTheirLimits() {
    String name = "n" + "a".repeat(62);
    String email = "m".repeat(240) + "@example.com.d";
    assertEquals(254, email.length());
    SessionFixture desk = SessionFixture.create(api, namespace, name, email, "template: kwok");
    VdiSession running = desk.awaitPhase(Phase.RUNNING);
    assertEquals("https://" + "m".repeat(63) + ".vdi.example.com", running.status().url());
    desk.delete();
    desk.awaitGone();
  }

  @Test
  void statusIsRightInTheEndWhoeverElseWritesAtTheSameTime() throws InterruptedException {
    long before = conflicts();
    SessionFixture desk = desk("contested", "template: manual");
    AtomicBoolean done = new AtomicBoolean();
    Thread other =
        Thread.ofVirtual()
            .start(() -> {
              for (int i = 0; !done.get(); i++) {
                api.mergePatch(
                    ResourceType.SESSION,
                    namespace,
                    "contested",
                    SessionFixture.parse(
                        "{\"metadata\": {\"annotations\": {\"n\": \"" + i + "\"}}}"));
                api.mergePatchStatus(
                    ResourceType.SESSION,
                    namespace,
                    "contested",
                    SessionFixture.parse(
                        "{\"status\": {\"lastActivityTime\": \"2026-01-01T00:00:00Z\"}}"));
              }
            });
    desk.awaitPhase(Phase.CREATING);
    desk.kubeletReady();
    desk.awaitPhase(Phase.RUNNING);
    await("a write of the controller's that comes too late")
        .atMost(SessionFixture.PATIENCE)
        .until(() -> {
          api.delete(
              ResourceType.POD,
              namespace,
              "contested",
              desk.child(ResourceType.POD).orElseThrow().uid());
          desk.kubeletStopped();
          desk.awaitPhase(Phase.CREATING);
          desk.kubeletReady();
          desk.awaitPhase(Phase.RUNNING);
          return conflicts() > before;
        });
    desk.patch("{\"spec\": {\"suspended\": true}}");
    desk.kubeletStopped();
    desk.awaitPhase(Phase.SUSPENDED);
    done.set(true);
    other.join();
    assertEquals("2026-01-01T00:00:00Z", desk.session().status().lastActivityTime().toString());
  }

  @Test
  void atRestNothingIsWritten() {
    SessionFixture desk = desk("quiet", "template: kwok");
    desk.awaitPhase(Phase.RUNNING);
    for (ResourceType<?> kind : SessionFixture.CHILDREN) {
      desk.awaitChild(kind);
    }
    // Conditions settle within 10 s of the last write; then two passes go by.
    pause(12);
    String before = desk.session().metadata().resourceVersion();
    pause(20);
    assertEquals(before, desk.session().metadata().resourceVersion());
  }

  private static long conflicts() {
    return ObserveServer.meters()
        .getOrCreate(
            Counter.builder("vdi_reconcile_errors_total")
                .tags(List.of(Tag.create("reason", "Conflict"))))
        .count();
  }

  private static void pause(int seconds) {
    await()
        .pollDelay(Duration.ofSeconds(seconds))
        .atMost(Duration.ofSeconds(seconds + 5L))
        .until(() -> true);
  }

  private static String password(SessionFixture desk) {
    JsonObject secret = desk.raw(ResourceType.SECRET);
    String encoded = secret.getAsJsonObject("data").get("password").getAsString();
    String password = new String(Base64.getDecoder().decode(encoded));
    assertTrue(password.length() >= 24);
    return password;
  }
}
