package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.Tag;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import io.vdi.operator.runtime.ObserveServer;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/specification.md, sections 2 and 3, on a real API server. */
@ExtendWith(ClusterExtension.class)
class SessionLifeIT {
  private static final String STORAGE_CLASS = "/apis/storage.k8s.io/v1/storageclasses/kwok-volume";

  private static RunningService controller;

  private final KubeClient api;
  private final TestNamespace namespace;

  SessionLifeIT(KubeClient api, TestNamespace namespace) {
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void start(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
    controller = CONTROLLER.start(cluster);
  }

  @AfterAll
  static void stop() {
    controller.close();
  }

  @Test
  void goesThroughAllPhases() {
    SessionFixture tooLarge =
        namespace.session("life").create("template: manual, resources: {gpu: 101}");
    VdiSession pending = tooLarge.awaitMessage("Insufficient nvidia.com/gpu");
    assertThat(pending.status().phase()).isEqualTo(Phase.PENDING);
    tooLarge.deleteAndAwaitNotFound();

    SessionFixture session = namespace.session("life").create("template: manual");
    VdiSession creating = session.awaitPhase(Phase.CREATING);
    assertThat(creating.status().url()).isEqualTo("https://life.vdi.example.com");
    assertThat(creating.status().podName()).isEqualTo("life");
    assertThat(creating.status().startTime()).isNull();

    session.kubeletReportsReady();
    VdiSession running = session.awaitPhase(Phase.RUNNING);
    assertThat(running.status().expiresAt())
        .isEqualTo(running.status().startTime().plus(Duration.ofHours(8)));
    assertThat(running.status().observedGeneration()).isEqualTo(1);
    session.awaitCondition(Condition.READY);
    session.awaitCondition(Condition.TEMPLATE_RESOLVED);
    session.awaitCondition(Condition.POD_SCHEDULED);
    session.awaitCondition(Condition.STORAGE_READY);
    session.awaitCondition(Condition.ROUTE_READY);

    session.patchSpec("timeout: 10h");
    session.awaitUntil(
        "the later expiry",
        s ->
            s.status().expiresAt().equals(running.status().startTime().plus(Duration.ofHours(10))));

    session.suspend();
    session.kubeletRemovesPod();
    VdiSession suspended = session.awaitPhase(Phase.SUSPENDED);
    assertThat(suspended.status().startTime()).isNull();
    assertThat(suspended.status().url()).isEqualTo(running.status().url());
    for (ResourceType<?> type : SessionFixture.childTypes()) {
      assertThat(session.child(type).isNotFound())
          .as("%s is not found", type)
          .isEqualTo(type.equals(ResourceType.POD));
    }
    String password = password(session);

    session.resume();
    session.kubeletReportsReady();
    assertThat(session.awaitPhase(Phase.RUNNING).status().startTime())
        .isAfterOrEqualTo(running.status().startTime());
    assertThat(password(session)).isEqualTo(password);

    deletePod(session).orElseThrow();
    session.kubeletRemovesPod();
    session.awaitPhase(Phase.CREATING);
    session.kubeletReportsReady();
    assertThat(session.awaitPhase(Phase.RUNNING).status().restarts()).isEqualTo(1);

    session.delete();
    session.awaitPhase(Phase.TERMINATING);
    session.kubeletRemovesPod();
    session.awaitNotFound();
    SessionFixture.childTypes().forEach(session::awaitChildNotFound);
  }

  @Test
  void aSecretOfAnEarlierVersionGetsThePasswordOfGuests() {
    SessionFixture session = namespace.session("guests").create("template: kwok");
    session.awaitPhase(Phase.RUNNING);
    String password = password(session);
    String secret = ResourceNames.secret(session.name());
    api.mergePatch(
            ResourceType.SECRET.metadataOnly(),
            namespace.name(),
            secret,
            json(
                """
                {"metadata": {"annotations": {"vdi.kasm.io/viewer-password-since": null}},
                 "data": {"viewer-password": null}}
                """))
        .orElseThrow();
    await("the password of guests")
        .atMost(SessionFixture.PATIENCE)
        .untilAsserted(() -> {
          JsonObject repaired = session.childJson(ResourceType.SECRET);
          assertThat(DesktopCredentials.ofViewer(Optional.empty(), repaired)).isPresent();
          assertThat(repaired.getAsJsonObject("metadata").getAsJsonObject("annotations").keySet())
              .contains("vdi.kasm.io/viewer-password-since");
        });
    assertThat(password(session)).isEqualTo(password);
    assertThat(session.childJson(ResourceType.POD).toString())
        .contains("SELKIES_BASIC_AUTH_VIEWONLY_PASSWORD");
  }

  @Test
  void eachPhaseHasAnEventWithoutThePassword() {
    SessionFixture session = namespace.session("events").create("template: kwok");
    session.awaitPhase(Phase.RUNNING);
    await()
        .atMost(SessionFixture.PATIENCE)
        .untilAsserted(() ->
            assertThat(session.eventsInNamespace().toString())
                .contains("\"reason\":\"Pending\"")
                .contains("\"reason\":\"Creating\"")
                .contains("the desktop is ready at https://events.vdi.example.com")
                .doesNotContain(password(session)));
  }

  @Test
  void failsWithoutTemplateAndStartsOnceTheTemplateExists() {
    SessionFixture session = namespace.session("late").create("template: late-template");
    VdiSession failed = session.awaitPhase(Phase.FAILED);
    assertThat(failed.status().message()).isEqualTo("Template not found: late-template");
    session.expectChildNotFound(ResourceType.POD);

    TestTemplates.applySimulated(api, "late-template", "");
    session.awaitPhase(Phase.RUNNING);
    await("the template to count its session")
        .atMost(SessionFixture.PATIENCE)
        .until(
            () ->
                api.get(ResourceType.TEMPLATE, "", "late-template")
                    .orElseThrow()
                    .status()
                    .sessions(),
            count -> count == 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Pod", "Secret", "Service", "IngressRoute"})
  void recreatesDeletedChild(String kind) {
    SessionFixture session =
        namespace.session("deleted-" + kind.toLowerCase(Locale.ROOT)).create("template: kwok");
    VdiSession before = session.awaitPhase(Phase.RUNNING);
    session.deleteChildAndAwaitAnother(childType(kind));
    session.awaitPhase(Phase.RUNNING);
    assertThat(session.get().status().startTime()).isEqualTo(before.status().startTime());
    assertThat(session.get().status().url()).isEqualTo(before.status().url());
  }

  @Test
  void restoresRemovedLabel() {
    SessionFixture session = namespace.session("unlabelled").create("template: kwok");
    session.awaitPhase(Phase.RUNNING);
    JsonObject withoutLabel =
        json("{\"metadata\": {\"labels\": {\"" + Labels.MANAGED_BY + "\": null}}}");
    api.mergePatch(ResourceType.SERVICE, namespace.name(), "unlabelled", withoutLabel)
        .orElseThrow();
    await("the label")
        .atMost(SessionFixture.PATIENCE)
        .until(() ->
            session
                .child(ResourceType.SERVICE)
                .orElseThrow()
                .metadata()
                .label(Labels.MANAGED_BY)
                .isPresent());
    assertThat(session.get().status().phase()).isNotEqualTo(Phase.FAILED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Service", "Secret", "PersistentVolumeClaim", "Pod", "IngressRoute"})
  void reportsForeignObjectAndDoesNotChangeIt(String kind) {
    ResourceType<?> type = childType(kind);
    SessionFixture session = namespace.session("foreign-" + kind.toLowerCase(Locale.ROOT));
    session.createForeignChild(type);
    JsonObject before = session.childJson(type).getAsJsonObject("metadata");
    session.create("template: kwok");
    assertThat(session.awaitPhase(Phase.FAILED).status().message())
        .isEqualTo(
            kind + " " + session.childName(type) + " exists and is not owned by this session");
    assertThat(session.child(ResourceType.POD).ok().isPresent())
        .as("the Pod exists")
        .isEqualTo(type.equals(ResourceType.POD));
    session.deleteAndAwaitNotFound();
    JsonObject after = session.childJson(type).getAsJsonObject("metadata");
    assertThat(after.get("uid")).isEqualTo(before.get("uid"));
    assertThat(after.keySet()).doesNotContain("labels", "ownerReferences");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Service", "Secret", "PersistentVolumeClaim", "IngressRoute"})
  void updatesOutdatedChild(String kind) {
    SessionFixture session =
        namespace.session("outdated-" + kind.toLowerCase(Locale.ROOT)).create("template: kwok");
    session.awaitPhase(Phase.RUNNING);
    session.outdateChildAndAwaitUpdate(childType(kind));
  }

  private static ResourceType<?> childType(String kind) {
    return SessionFixture.childTypes().stream()
        .filter(type -> type.kind().equals(kind))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void objectWithTheRightLabelsAndAnotherOwnerIsForeign() {
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: Secret
        metadata:
          name: vdi-auth-lookalike
          labels: {app.kubernetes.io/managed-by: vdi-operator, app.kubernetes.io/instance: lookalike}
        """,
        namespace.name());
    SessionFixture session = namespace.session("lookalike").create("template: kwok");
    assertThat(session.awaitPhase(Phase.FAILED).status().message())
        .isEqualTo("Secret vdi-auth-lookalike exists and is not owned by this session");
  }

  @Test
  void failsWhenTheImageCannotBePulledAndRecovers() {
    SessionFixture session = namespace.session("pull").create("template: manual");
    session.kubeletReports(waitingContainer("ImagePullBackOff", "no such image"));
    assertThat(session.awaitPhase(Phase.FAILED).status().message())
        .isEqualTo("ImagePullBackOff: no such image [VDI231]");
    session.kubeletReports("{\"containerStatuses\": null}");
    session.kubeletReportsReady();
    session.awaitPhase(Phase.RUNNING);
  }

  @Test
  void failsAtTheStartupTimeoutAndReleasesTheGpu() {
    SessionFixture session = namespace.session("slow").create("template: short-startup");
    session.kubeletReports(waitingContainer("PodInitializing", ""));
    session.awaitUntil("the reason", s -> s.status().message().equals("PodInitializing"));
    // The status may keep the old reason for a while. The timeout must not be late.
    session.kubeletReports("{\"containerStatuses\": null}");
    VdiSession failed =
        await("the startup timeout")
            .atMost(Duration.ofSeconds(40))
            .until(session::get, s -> s.status().phase() == Phase.FAILED);
    assertThat(failed.status().message()).startsWith("not ready within the startup timeout of 12s");
    session.kubeletRemovesPod();
    session.awaitChildNotFound(ResourceType.POD);
    session.suspend();
    session.awaitPhase(Phase.SUSPENDED);
    session.resume();
    session.kubeletReportsReady();
    session.awaitPhase(Phase.RUNNING);
  }

  private static String waitingContainer(String reason, String message) {
    return """
    {"containerStatuses": [{"name": "selkies", "image": "x", "imageID": "", "ready": false, "restartCount": 0,
      "state": {"waiting": {"reason": "%s", "message": "%s"}}}]}
    """
        .formatted(reason, message);
  }

  @Test
  void usersWithTheSameLocalPartGetDifferentHosts() {
    SessionFixture first =
        namespace.session("sam-1").ofUser("sam@example.com").create("template: kwok");
    assertThat(first.awaitPhase(Phase.RUNNING).status().url())
        .isEqualTo("https://sam.vdi.example.com");
    SessionFixture second =
        namespace.session("sam-2").ofUser("sam@other.org").create("template: kwok");
    String url = second.awaitPhase(Phase.RUNNING).status().url();
    assertThat(url).matches("https://sam-[0-9a-f]{8}\\.vdi\\.example\\.com");
    assertThat(second.childJson(ResourceType.INGRESS_ROUTE).toString())
        .contains("Host(`" + url.substring("https://".length()) + "`)");
    first.deleteAndAwaitNotFound();
    SessionFixture third =
        namespace.session("sam-3").ofUser("sam@third.org").create("template: kwok");
    assertThat(third.awaitPhase(Phase.RUNNING).status().url())
        .as("the released host stays with its user")
        .matches("https://sam-[0-9a-f]{8}\\.vdi\\.example\\.com");
    assertThat(second.get().status().url()).as("a host that never changes").isEqualTo(url);
    SessionFixture again =
        namespace.session("sam-4").ofUser("sam@example.com").create("template: kwok");
    assertThat(again.awaitPhase(Phase.RUNNING).status().url())
        .isEqualTo("https://sam.vdi.example.com");
  }

  @Test
  void changeThatNeedsAnotherPodTakesEffectAtTheNextResume() {
    SessionFixture session = namespace.session("grow").create("template: kwok");
    session.awaitPhase(Phase.RUNNING);
    String pod = session.child(ResourceType.POD).orElseThrow().uid();
    session.patchSpec("resources: {memory: 8Gi}");
    session.awaitMessage("next resume");
    assertThat(session.child(ResourceType.POD).orElseThrow().uid()).isEqualTo(pod);
    session.suspend();
    session.awaitPhase(Phase.SUSPENDED);
    session.resume();
    session.awaitPhase(Phase.RUNNING);
    assertThat(session.childJson(ResourceType.POD).toString()).contains("\"memory\":\"8Gi\"");
  }

  @Test
  @DisplayName(
      "The home grows where its storage class allows it; elsewhere the status says why not")
  void homeGrows() {
    SessionFixture session =
        namespace.session("bigger").create("template: kwok, persistence: {size: 1Gi}");
    session.awaitPhase(Phase.RUNNING);
    session.patchSpec("persistence: {size: 2Gi}");
    session.awaitMessage("must support resize");
    assertThat(session.get().status().phase()).isEqualTo(Phase.RUNNING);

    JsonObject storageClass = api.request("GET", STORAGE_CLASS, null).orElseThrow();
    storageClass.addProperty("allowVolumeExpansion", true);
    api.request("PUT", STORAGE_CLASS, storageClass).orElseThrow();
    await("the larger home")
        .atMost(Duration.ofSeconds(60))
        .until(() -> home(session).requestedSize(), "2Gi"::equals);
    session.awaitUntil("no message", s -> s.status().message().isEmpty());
  }

  @Test
  void retainedHomeGoesToTheSameUserOnly() {
    SessionFixture first =
        namespace
            .session("keeper")
            .ofUser("kim@example.com")
            .create("template: kwok, persistence: {reclaimPolicy: Retain}");
    first.awaitPhase(Phase.RUNNING);
    String home = home(first).uid();
    first.deleteAndAwaitNotFound();

    SessionFixture stranger =
        namespace.session("keeper").ofUser("eve@example.com").create("template: kwok");
    assertThat(stranger.awaitPhase(Phase.FAILED).status().message())
        .isEqualTo("PersistentVolumeClaim vdi-data-keeper exists and is not owned by this session");
    stranger.deleteAndAwaitNotFound();

    SessionFixture second =
        namespace.session("keeper").ofUser("kim@example.com").create("template: kwok");
    second.awaitPhase(Phase.RUNNING);
    assertThat(home(second).uid()).isEqualTo(home);
    await("the session with reclaimPolicy Delete to own the home")
        .atMost(SessionFixture.PATIENCE)
        .until(() -> home(second).metadata().isControlledBy(second.get().uid()));
  }

  @Test
  void createsNoClaimWithoutPersistence() {
    SessionFixture session =
        namespace.session("fleeting").create("template: kwok, persistence: {enabled: false}");
    session.awaitPhase(Phase.RUNNING);
    session.expectChildNotFound(ResourceType.PERSISTENT_VOLUME_CLAIM);
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
  void acceptsUnusualEmail(String email) {
    SessionFixture session =
        namespace
            .session("email-" + Integer.toHexString(email.hashCode()))
            .ofUser(email)
            .create("template: kwok");
    VdiSession running = session.awaitPhase(Phase.RUNNING);
    assertThat(session.child(ResourceType.SERVICE).orElseThrow().metadata().annotations())
        .containsEntry(Annotations.USER, email);
    assertThat(running.status().url())
        .matches("https://[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.vdi\\.example\\.com");
  }

  @Test
  void acceptsNameAndEmailOfMaximumLength() {
    String email = "m".repeat(240) + "@example.com.d";
    assertThat(email).hasSize(254);
    SessionFixture session =
        namespace.session("n" + "a".repeat(62)).ofUser(email).create("template: kwok");
    VdiSession running = session.awaitPhase(Phase.RUNNING);
    assertThat(running.status().url()).isEqualTo("https://" + "m".repeat(63) + ".vdi.example.com");
    session.deleteAndAwaitNotFound();
  }

  @Test
  void statusIsRightDespiteConcurrentWritesByOthers() throws InterruptedException {
    long before = conflicts();
    SessionFixture session = namespace.session("contested").create("template: manual");
    AtomicBoolean done = new AtomicBoolean();
    Thread other =
        Thread.ofVirtual()
            .start(() -> {
              for (int i = 0; !done.get(); i++) {
                session.tryPatch("{\"metadata\": {\"annotations\": {\"n\": \"" + i + "\"}}}");
                session.trySetStatus("lastActivityTime: \"2026-01-01T00:00:00Z\"");
              }
            });
    session.awaitPhase(Phase.CREATING);
    session.kubeletReportsReady();
    session.awaitPhase(Phase.RUNNING);
    await("a write of the controller to be rejected as a conflict")
        .atMost(SessionFixture.PATIENCE)
        .until(() -> {
          deletePod(session);
          session.kubeletRemovesPod();
          session.awaitPhase(Phase.CREATING);
          session.kubeletReportsReady();
          session.awaitPhase(Phase.RUNNING);
          return conflicts() > before;
        });
    session.suspend();
    session.kubeletRemovesPod();
    session.awaitPhase(Phase.SUSPENDED);
    done.set(true);
    other.join();
    assertThat(session.get().status().lastActivityTime()).isEqualTo("2026-01-01T00:00:00Z");
  }

  @Test
  void writesNothingWithoutAChange() {
    SessionFixture session = namespace.session("quiet").create("template: kwok");
    session.awaitPhase(Phase.RUNNING);
    SessionFixture.childTypes().forEach(session::awaitChild);
    // The home can be bound after the desktop is ready; that alone is written up to 25 s late.
    session.awaitCondition(Condition.STORAGE_READY);
    String version = session.awaitUnchangedFor(Duration.ofSeconds(12));
    await("no further write")
        .during(Duration.ofSeconds(20))
        .atMost(Duration.ofSeconds(25))
        .until(session::resourceVersion, version::equals);
  }

  private static long conflicts() {
    return ObserveServer.meters()
        .getOrCreate(
            Counter.builder("vdi_reconcile_errors_total")
                .tags(List.of(Tag.create("reason", "Conflict"))))
        .count();
  }

  private ApiResult<?> deletePod(SessionFixture session) {
    String uid = session.child(ResourceType.POD).orElseThrow().uid();
    return api.delete(ResourceType.POD, namespace.name(), session.name(), uid);
  }

  private static PersistentVolumeClaim home(SessionFixture session) {
    return session.child(ResourceType.PERSISTENT_VOLUME_CLAIM).orElseThrow();
  }

  private static String password(SessionFixture session) {
    JsonObject data = session.childJson(ResourceType.SECRET).getAsJsonObject("data");
    byte[] encoded = Base64.getDecoder().decode(data.get("password").getAsString());
    String password = new String(encoded);
    assertThat(password).hasSizeGreaterThanOrEqualTo(24);
    return password;
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }
}
