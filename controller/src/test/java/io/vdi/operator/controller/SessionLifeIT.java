package io.vdi.operator.controller;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.Tag;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Resource;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.service.ServiceEndpoint;
import io.vdi.operator.devcluster.Cluster;
import io.vdi.operator.devcluster.ClusterExtension;
import io.vdi.operator.devcluster.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.Manifests;
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

  private final KubeApi api;
  private final String namespace;

  SessionLifeIT(KubeApi api, TestNamespace namespace) {
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void start(Cluster cluster, KubeApi api) {
    cluster.installTraefikDefinitions();
    controller = RunningController.start(cluster, Map.of());
    Desk.templates(api);
  }

  @AfterAll
  static void stop() {
    controller.close();
  }

  private Desk desk(String name, String spec) {
    return Desk.create(api, namespace, name, name + "@example.com", spec);
  }

  @Test
  void theSevenPhasesOfALife() {
    Desk desk = desk("life", "template: manual, resources: {gpu: 101}");
    VdiSession pending =
        desk.awaitThat(
            "the scheduler's words",
            s -> s.status().message().contains("Insufficient nvidia.com/gpu"));
    assertEquals(Phase.PENDING, pending.status().phase());
    desk.delete();
    desk.awaitGone();

    Desk second = desk("life", "template: manual");
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
    for (Kind<?> kind : Desk.CHILDREN) {
      assertEquals(kind.equals(Kind.POD), second.child(kind).isNotFound(), kind.name());
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

    api.delete(Kind.POD, namespace, "life", second.child(Kind.POD).orElseThrow().uid())
        .orElseThrow();
    second.awaitPhase(Phase.CREATING);
    second.kubeletReady();
    second.awaitPhase(Phase.RUNNING);

    second.delete();
    second.awaitPhase(Phase.TERMINATING);
    second.kubeletStopped();
    second.awaitGone();
    await()
        .atMost(Desk.PATIENCE)
        .untilAsserted(() -> {
          for (Kind<?> kind : Desk.CHILDREN) {
            assertTrue(second.child(kind).isNotFound(), kind.name());
          }
        });
  }

  @Test
  void everyPhaseHasItsEvent() {
    Desk desk = desk("events", "template: kwok");
    desk.awaitPhase(Phase.RUNNING);
    await()
        .atMost(Desk.PATIENCE)
        .untilAsserted(() -> {
          String events =
              api.raw("GET", "/api/v1/namespaces/" + namespace + "/events", null)
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
    Desk desk = desk("late", "template: late-template");
    VdiSession failed = desk.awaitPhase(Phase.FAILED);
    assertEquals("Template not found: late-template", failed.status().message());
    assertTrue(desk.child(Kind.POD).isNotFound());
    Manifests.apply(
        api,
        """
        {apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: late-template},
         spec: {image: desktop, persistence: {storageClassName: kwok-volume},
          nodeSelector: {vdi.devcluster/simulated: "true"}}}
        """);
    desk.awaitPhase(Phase.RUNNING);
    await()
        .atMost(Desk.PATIENCE)
        .until(() ->
            api.get(Kind.TEMPLATE, "", "late-template").orElseThrow().status().sessions() == 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Pod", "Secret", "Service", "IngressRoute"})
  void aChildDeletedByHandComesBack(String kindName) {
    Desk desk = desk("heal-" + kindName.toLowerCase(java.util.Locale.ROOT), "template: kwok");
    VdiSession before = desk.awaitPhase(Phase.RUNNING);
    Kind<?> kind =
        Desk.CHILDREN.stream().filter(k -> k.name().equals(kindName)).findFirst().orElseThrow();
    Resource child = desk.awaitChild(kind);
    api.delete(kind, namespace, child.name(), child.uid()).orElseThrow();
    await()
        .atMost(Desk.PATIENCE)
        .until(() ->
            desk.child(kind)
                .ok()
                .filter(now -> !now.uid().equals(child.uid()) && !now.metadata().deleting())
                .isPresent());
    desk.awaitPhase(Phase.RUNNING);
    assertEquals(before.status().startTime(), desk.session().status().startTime());
    assertEquals(before.status().url(), desk.session().status().url());
  }

  @Test
  void aLabelTakenOffByHandComesBack() {
    Desk desk = desk("unlabelled", "template: kwok");
    desk.awaitPhase(Phase.RUNNING);
    api.mergePatch(
            Kind.SERVICE,
            namespace,
            "unlabelled",
            Desk.parse("{\"metadata\": {\"labels\": {\"" + Names.MANAGED_BY + "\": null}}}"))
        .orElseThrow();
    await()
        .atMost(Desk.PATIENCE)
        .until(() ->
            desk.child(Kind.SERVICE).orElseThrow().metadata().label(Names.MANAGED_BY).isPresent());
    assertNotEquals(Phase.FAILED, desk.session().status().phase());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Service", "Secret", "PersistentVolumeClaim", "Pod", "IngressRoute"})
  void aForeignObjectInTheWayIsNamedAndNeverTouched(String kindName) {
    Kind<?> kind = kind(kindName);
    String name = "foreign-" + kindName.toLowerCase(Locale.ROOT);
    Desk desk = new Desk(api, namespace, name);
    desk.putInTheWay(kind);
    JsonObject before = desk.raw(kind).getAsJsonObject("metadata");
    desk.submit(name + "@example.com", "template: kwok").orElseThrow();
    assertEquals(
        kindName + " " + desk.childName(kind) + " exists and is not owned by this session",
        desk.awaitPhase(Phase.FAILED).status().message());
    assertEquals(kind.equals(Kind.POD), desk.child(Kind.POD).ok().isPresent());
    desk.delete();
    desk.awaitGone();
    JsonObject after = desk.raw(kind).getAsJsonObject("metadata");
    assertEquals(before.get("uid"), after.get("uid"));
    assertFalse(after.has("labels") || after.has("ownerReferences"), after.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Service", "Secret", "PersistentVolumeClaim", "IngressRoute"})
  void whatIsNotAsItShouldBeIsBroughtUpToDate(String kindName) {
    Desk desk = desk("outdated-" + kindName.toLowerCase(Locale.ROOT), "template: kwok");
    desk.awaitPhase(Phase.RUNNING);
    desk.outdate(kind(kindName));
  }

  private static Kind<?> kind(String name) {
    return Desk.CHILDREN.stream().filter(k -> k.name().equals(name)).findFirst().orElseThrow();
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
    Desk desk = desk("lookalike", "template: kwok");
    assertEquals(
        "Secret vdi-auth-lookalike exists and is not owned by this session",
        desk.awaitPhase(Phase.FAILED).status().message());
  }

  @Test
  void anImageThatCannotBePulledFailsAndHeals() {
    Desk desk = desk("pull", "template: manual");
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
    Desk desk = desk("slow", "template: hurried");
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
    await().atMost(Desk.PATIENCE).until(() -> desk.child(Kind.POD).isNotFound());
    desk.patch("{\"spec\": {\"suspended\": true}}");
    desk.awaitPhase(Phase.SUSPENDED);
    desk.patch("{\"spec\": {\"suspended\": false}}");
    desk.kubeletReady();
    desk.awaitPhase(Phase.RUNNING);
  }

  @Test
  void twoUsersWithTheSameLocalPartNeverShareAHost() {
    Desk first = Desk.create(api, namespace, "sam-1", "sam@example.com", "template: kwok");
    assertEquals("https://sam.vdi.example.com", first.awaitPhase(Phase.RUNNING).status().url());
    Desk second = Desk.create(api, namespace, "sam-2", "sam@other.org", "template: kwok");
    String url = second.awaitPhase(Phase.RUNNING).status().url();
    assertTrue(url.matches("https://sam-[0-9a-f]{8}\\.vdi\\.example\\.com"), url);
    assertTrue(
        second.raw(Kind.INGRESS_ROUTE).toString().contains("Host(`" + url.substring(8) + "`)"));
    first.delete();
    first.awaitGone();
    Desk third = Desk.create(api, namespace, "sam-3", "sam@third.org", "template: kwok");
    third.awaitPhase(Phase.RUNNING);
    assertEquals(url, second.session().status().url(), "a host never changes");
    assertEquals("https://sam.vdi.example.com", third.session().status().url());
  }

  @Test
  void aSpecChangeThatThePodCannotTakeIsToldAndDoneAtTheNextResume() {
    Desk desk = desk("grow", "template: kwok");
    String pod = desk.awaitPhase(Phase.RUNNING).uid();
    String uid = desk.child(Kind.POD).orElseThrow().uid();
    desk.patch("{\"spec\": {\"resources\": {\"memory\": \"8Gi\"}}}");
    desk.awaitThat("told", s -> s.status().message().contains("next resume"));
    assertEquals(uid, desk.child(Kind.POD).orElseThrow().uid());
    desk.patch("{\"spec\": {\"suspended\": true}}");
    desk.awaitPhase(Phase.SUSPENDED);
    desk.patch("{\"spec\": {\"suspended\": false}}");
    desk.awaitPhase(Phase.RUNNING);
    assertTrue(desk.raw(Kind.POD).toString().contains("\"memory\":\"8Gi\""));
    assertFalse(pod.isEmpty());
  }

  @Test
  void theHomeGrowsWhereTheClassLetsItAndSaysSoWhereNot() {
    Desk desk = desk("bigger", "template: kwok, persistence: {size: 1Gi}");
    desk.awaitPhase(Phase.RUNNING);
    desk.patch("{\"spec\": {\"persistence\": {\"size\": \"2Gi\"}}}");
    desk.awaitThat("the refusal", s -> s.status().message().contains("must support resize"));
    assertEquals(Phase.RUNNING, desk.session().status().phase());
    api.raw("GET", "/apis/storage.k8s.io/v1/storageclasses/kwok-volume", null)
        .ok()
        .ifPresent(storageClass -> {
          storageClass.addProperty("allowVolumeExpansion", true);
          api.raw("PUT", "/apis/storage.k8s.io/v1/storageclasses/kwok-volume", storageClass)
              .orElseThrow();
        });
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> desk.child(Kind.VOLUME_CLAIM).orElseThrow().requestedSize().equals("2Gi"));
    desk.awaitThat("no complaint", s -> s.status().message().isEmpty());
  }

  @Test
  void aRetainedHomeOutlivesItsSessionAndGoesToTheSameUserOnly() {
    Desk desk =
        Desk.create(
            api,
            namespace,
            "keeper",
            "kim@example.com",
            "template: kwok, persistence: {reclaimPolicy: Retain}");
    desk.awaitPhase(Phase.RUNNING);
    String home = desk.child(Kind.VOLUME_CLAIM).orElseThrow().uid();
    desk.delete();
    desk.awaitGone();

    Desk eve = Desk.create(api, namespace, "keeper", "eve@example.com", "template: kwok");
    assertEquals(
        "PersistentVolumeClaim vdi-data-keeper exists and is not owned by this session",
        eve.awaitPhase(Phase.FAILED).status().message());
    eve.delete();
    eve.awaitGone();

    Desk again = Desk.create(api, namespace, "keeper", "kim@example.com", "template: kwok");
    again.awaitPhase(Phase.RUNNING);
    assertEquals(home, again.child(Kind.VOLUME_CLAIM).orElseThrow().uid());
    await("a Delete policy takes the home on")
        .atMost(Desk.PATIENCE)
        .until(() ->
            again
                .child(Kind.VOLUME_CLAIM)
                .orElseThrow()
                .metadata()
                .isControlledBy(again.session().uid()));
  }

  @Test
  void withoutPersistenceThereIsNoClaim() {
    Desk desk = desk("fleeting", "template: kwok, persistence: {enabled: false}");
    desk.awaitPhase(Phase.RUNNING);
    assertTrue(desk.child(Kind.VOLUME_CLAIM).isNotFound());
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
    Desk desk = Desk.create(api, namespace, name, email, "template: kwok");
    VdiSession running = desk.awaitPhase(Phase.RUNNING);
    assertEquals(
        email, desk.child(Kind.SERVICE).orElseThrow().metadata().annotations().get(Names.USER));
    String host = running.status().url().substring("https://".length());
    assertTrue(host.matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.vdi\\.example\\.com"), host);
  }

  @Test
  void namesAndEmailsAtTheirLimits() {
    String name = "n" + "a".repeat(62);
    String email = "m".repeat(240) + "@example.com.d";
    assertEquals(254, email.length());
    Desk desk = Desk.create(api, namespace, name, email, "template: kwok");
    VdiSession running = desk.awaitPhase(Phase.RUNNING);
    assertEquals("https://" + "m".repeat(63) + ".vdi.example.com", running.status().url());
    desk.delete();
    desk.awaitGone();
  }

  @Test
  void statusIsRightInTheEndWhoeverElseWritesAtTheSameTime() throws InterruptedException {
    long before = conflicts();
    Desk desk = desk("contested", "template: manual");
    AtomicBoolean done = new AtomicBoolean();
    Thread other =
        Thread.ofVirtual()
            .start(() -> {
              for (int i = 0; !done.get(); i++) {
                api.mergePatch(
                    Kind.SESSION,
                    namespace,
                    "contested",
                    Desk.parse("{\"metadata\": {\"annotations\": {\"n\": \"" + i + "\"}}}"));
                api.mergePatchStatus(
                    Kind.SESSION,
                    namespace,
                    "contested",
                    Desk.parse("{\"status\": {\"lastActivityTime\": \"2026-01-01T00:00:00Z\"}}"));
              }
            });
    desk.awaitPhase(Phase.CREATING);
    desk.kubeletReady();
    desk.awaitPhase(Phase.RUNNING);
    await("a write of the controller's that comes too late")
        .atMost(Desk.PATIENCE)
        .until(() -> {
          api.delete(Kind.POD, namespace, "contested", desk.child(Kind.POD).orElseThrow().uid());
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
    Desk desk = desk("quiet", "template: kwok");
    desk.awaitPhase(Phase.RUNNING);
    for (Kind<?> kind : Desk.CHILDREN) {
      desk.awaitChild(kind);
    }
    // Conditions settle within 10 s of the last write; then two passes go by.
    pause(12);
    String before = desk.session().metadata().resourceVersion();
    pause(20);
    assertEquals(before, desk.session().metadata().resourceVersion());
  }

  private static long conflicts() {
    return ServiceEndpoint.meters()
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

  private static String password(Desk desk) {
    JsonObject secret = desk.raw(Kind.SECRET);
    String encoded = secret.getAsJsonObject("data").get("password").getAsString();
    String password = new String(Base64.getDecoder().decode(encoded));
    assertTrue(password.length() >= 24);
    return password;
  }
}
