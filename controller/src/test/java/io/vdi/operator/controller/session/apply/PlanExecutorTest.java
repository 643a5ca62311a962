package io.vdi.operator.controller.session.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.HomeFate;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.controller.session.FakeCluster;
import io.vdi.operator.controller.session.plan.Action;
import io.vdi.operator.controller.session.plan.FailedStep;
import io.vdi.operator.controller.session.plan.Plan;
import io.vdi.operator.controller.session.plan.Requeue;
import io.vdi.operator.controller.session.plan.Step;
import io.vdi.operator.controller.session.plan.TurnGrant;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanExecutorTest {
  private static final String NAMESPACE = FakeCluster.NAMESPACE;

  private final FakeCluster cluster = FakeCluster.watched();
  private final FakeApiServer server = cluster.server;
  private volatile boolean leading = true;
  private final PlanExecutor executor =
      new PlanExecutor(
          cluster.client, cluster.caches, new SecretGenerator(new Random(1)), () -> leading);
  private VdiSession session;

  @TempDir private Path directory;

  @BeforeEach
  void putSession() {
    session = cluster.putSession("desk", "alice@example.com", "");
  }

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void theActionsOfAStageRunConcurrentlyAndStagesInOrder() {
    CountDownLatch both = new CountDownLatch(2);
    server.before(
        request -> request.method().equals("POST") && !request.path().endsWith("/pods"),
        () -> {
          both.countDown();
          waitFor(both);
        });
    assertThat(
            execute(
                createPod(0),
                createDependency(ChildKind.SERVICE),
                createDependency(ChildKind.ROUTE)))
        .isEmpty();
    assertThat(writes()).hasSize(3);
    assertThat(writes().getLast().path()).endsWith("/pods");
  }

  @Test
  void aCreatedObjectIsInTheCacheBeforeTheWatchShowsIt() {
    server.pauseWatches(true);
    assertThat(execute(create(ChildKind.POD))).isEmpty();
    assertThat(cluster.caches.pods().get(NAMESPACE, "desk")).isPresent();
  }

  @Test
  void thePodWaitsOnlyForWhatItMounts() {
    server.reject(isPost("/services"), 503, "ServiceUnavailable", "etcd is down");
    assertThat(
            executeAll(
                createDependency(ChildKind.SERVICE),
                createDependency(ChildKind.ROUTE),
                createPod(0)))
        .containsExactly(
            new FailedStep(
                createDependency(ChildKind.SERVICE),
                new ApiFailure.Transient("ServiceUnavailable", "etcd is down")));
    assertThat(stored(ResourceType.INGRESS_ROUTE)).isPresent();
    assertThat(stored(ResourceType.POD)).isPresent();
  }

  @Test
  void withoutItsHomeNoPodIsCreatedAndTheOthersAre() {
    server.reject(isPost("/persistentvolumeclaims"), 403, "Forbidden", "not allowed");
    assertThat(
            executeAll(
                createDependency(ChildKind.HOME),
                createDependency(ChildKind.SERVICE),
                createPod(0)))
        .extracting(FailedStep::failure)
        .containsExactly(new ApiFailure.Permanent("Forbidden", "not allowed"));
    assertThat(stored(ResourceType.SERVICE)).isPresent();
    assertThat(stored(ResourceType.POD)).isEmpty();
  }

  @Test
  void withoutTheFinalizerNothingIsCreatedButThePodIsStopped() {
    server.reject(
        request -> request.method().equals("PATCH") && request.path().contains("/vdisessions/"),
        500,
        "InternalError",
        "a webhook is down");
    ObjectMeta pod = child(ResourceType.POD, "desk");
    executeAll(
        step(Step.Order.STOP, new Action.Delete(ResourceType.POD, pod)),
        step(Step.Order.FINALIZER, new Action.AddFinalizer(session)),
        createDependency(ChildKind.SERVICE));
    assertThat(stored(ResourceType.POD)).isEmpty();
    assertThat(stored(ResourceType.SERVICE)).isEmpty();
  }

  @Test
  void aPodHasTheNumberOfPodsThatWereReplacedBeforeIt() {
    execute(createPod(3));
    assertThat(annotation(writes().getFirst().json(), Annotations.RESTARTS)).isEqualTo("3");
  }

  @Test
  void theFinalizerStaysWhileTheLiveHomeStillHasItsOwner() {
    VdiSession deleting = withFinalizers(VdiSession.FINALIZER);
    ObjectMeta home = child(ResourceType.PERSISTENT_VOLUME_CLAIM, "vdi-data-desk");
    Action release = new Action.RemoveFinalizer(deleting, HomeFate.RELEASE);
    assertThat(execute(release)).get().extracting(ApiFailure::reason).isEqualTo("Conflict");
    assertThat(
            execute(
                new Action.SetOwner(ResourceType.PERSISTENT_VOLUME_CLAIM, home, deleting, false)))
        .isEmpty();
    assertThat(execute(release)).isEmpty();
    assertThat(
            server
                .find(ResourceType.PERSISTENT_VOLUME_CLAIM, NAMESPACE, "vdi-data-desk")
                .orElseThrow()
                .getAsJsonObject("metadata")
                .has("ownerReferences"))
        .isFalse();
  }

  @Test
  void theFinalizerStaysWhileTheTemplateOfTheCacheIsOutdated() {
    cluster.putTemplate("");
    server.pauseWatches(true);
    server.put(
        ResourceType.TEMPLATE,
        """
        {"metadata": {"name": "ubuntu"},
         "spec": {"image": "desktop", "persistence": {"reclaimPolicy": "Retain"}}}
        """);
    assertThat(execute(new Action.RemoveFinalizer(session, HomeFate.DELETE)))
        .get()
        .extracting(ApiFailure::reason)
        .isEqualTo("Conflict");
    assertThat(HomeFate.of(session, cluster.caches.templates().get("", "ubuntu")))
        .isEqualTo(HomeFate.RELEASE);
  }

  @Test
  void theFinalizerStaysUntilTheCacheShowsThatTheTemplateIsDeleted() {
    VdiTemplate template = cluster.putTemplate("");
    server.pauseWatches(true);
    server.remove(ResourceType.TEMPLATE, "", template.name());
    assertThat(execute(new Action.RemoveFinalizer(session, HomeFate.DELETE)))
        .get()
        .extracting(ApiFailure::reason)
        .isEqualTo("Conflict");
    assertThat(cluster.caches.templates().get("", "ubuntu")).isEmpty();
    assertThat(execute(new Action.RemoveFinalizer(session, HomeFate.UNCHANGED))).isEmpty();
  }

  @Test
  void aHomeIsNotAdoptedForASessionThatOnlyTheCacheShows() {
    ObjectMeta home = homeWithoutOwner();
    DesiredObject desired = desired(ChildKind.HOME);
    server.pauseWatches(true);
    server.remove(ResourceType.SESSION, NAMESPACE, "desk");
    assertThat(execute(new Action.Update(desired, home)))
        .get()
        .extracting(ApiFailure::reason)
        .isEqualTo("Conflict");
    assertThat(cluster.caches.sessions().get(NAMESPACE, "desk")).isEmpty();
    assertThat(storedHomeHasOwner()).isFalse();
  }

  @Test
  void aHomeIsNotAdoptedForASessionWhoseSpecHasChanged() {
    ObjectMeta home = homeWithoutOwner();
    server.pauseWatches(true);
    server.put(
        ResourceType.SESSION,
        """
        {"metadata": {"name": "desk", "namespace": "desks", "generation": 2, "uid": "%s"},
         "spec": {"user": "alice@example.com", "persistence": {"reclaimPolicy": "Retain"}}}
        """
            .formatted(session.uid()));
    assertThat(
            execute(new Action.SetOwner(ResourceType.PERSISTENT_VOLUME_CLAIM, home, session, true)))
        .get()
        .extracting(ApiFailure::reason)
        .isEqualTo("Conflict");
    assertThat(storedHomeHasOwner()).isFalse();
  }

  @Test
  void aHomeWithoutOwnerIsAdopted() {
    assertThat(execute(new Action.Update(desired(ChildKind.HOME), homeWithoutOwner()))).isEmpty();
    assertThat(storedHomeHasOwner()).isTrue();
  }

  private ObjectMeta homeWithoutOwner() {
    JsonObject body = desired(ChildKind.HOME).body().deepCopy();
    body.getAsJsonObject("metadata").remove("ownerReferences");
    return KubeGson.gson()
        .fromJson(
            server.put(ResourceType.PERSISTENT_VOLUME_CLAIM, body.toString()),
            PersistentVolumeClaim.class)
        .metadata();
  }

  private boolean storedHomeHasOwner() {
    return server
        .find(ResourceType.PERSISTENT_VOLUME_CLAIM, NAMESPACE, "vdi-data-desk")
        .orElseThrow()
        .getAsJsonObject("metadata")
        .has("ownerReferences");
  }

  @Test
  void anUnansweredCallIsATransientFailure() {
    server.disconnect(isPost("/services"));
    assertThat(execute(create(ChildKind.SERVICE)))
        .get()
        .isInstanceOf(ApiFailure.Transient.class)
        .extracting(ApiFailure::reason)
        .isEqualTo("Unreachable");
  }

  @Test
  void onlyTheLeaderWrites() {
    leading = false;
    ApiFailure notLeading =
        new ApiFailure.Transient("NotLeading", "this process is not the leader");
    assertThat(execute(create(ChildKind.POD))).contains(notLeading);
    assertThat(executor.writeStatus(session, status(1))).contains(notLeading);
    assertThat(writes()).isEmpty();
  }

  @Test
  void theSecretValuesAreInTheRequestButNotInThePlan() throws Exception {
    Path file = Files.writeString(directory.resolve("turn"), "shared-secret");
    Instant expires = Instant.parse("2026-01-01T20:30:00Z");
    Action action =
        new Action.CreateSecret(
            desired(ChildKind.SECRET),
            Optional.of(new TurnGrant(file.toString(), expires, expires)),
            cluster.now());
    assertThat(execute(action)).isEmpty();
    JsonObject body = writes().getFirst().json();
    assertThat(body.getAsJsonObject("stringData").keySet())
        .containsExactlyInAnyOrder("password", "viewer-password", "turn-username", "turn-password");
    assertThat(annotation(body, Annotations.TURN_EXPIRES)).isEqualTo(expires.toString());
    assertThat(annotation(body, Annotations.VIEWER_PASSWORD_SINCE))
        .isEqualTo(cluster.now().toString());
    assertThat(action.toString())
        .doesNotContain(body.getAsJsonObject("stringData").get("password").getAsString());
  }

  @Test
  void aMissingSharedSecretIsAPermanentFailureWithoutAWrite() {
    TurnGrant grant =
        new TurnGrant(directory.resolve("absent").toString(), cluster.now(), cluster.now());
    assertThat(
            execute(
                new Action.CreateSecret(
                    desired(ChildKind.SECRET), Optional.of(grant), cluster.now())))
        .get()
        .extracting(ApiFailure::reason)
        .isEqualTo("TurnSecretMissing");
    assertThat(writes()).isEmpty();
  }

  @Test
  void renewedTurnCredentialsKeepThePassword() throws Exception {
    Path file = Files.writeString(directory.resolve("turn"), "shared-secret");
    ObjectMeta secret = child(ResourceType.SECRET, "vdi-auth-desk");
    Instant expires = Instant.parse("2026-01-01T20:30:00Z");
    assertThat(
            execute(new Action.RenewTurn(secret, new TurnGrant(file.toString(), expires, expires))))
        .isEmpty();
    JsonObject patch = writes().getFirst().json();
    assertThat(patch.getAsJsonObject("stringData").keySet())
        .containsExactlyInAnyOrder("turn-username", "turn-password");
    assertThat(annotation(patch, Annotations.TURN_EXPIRES)).isEqualTo(expires.toString());
    assertThat(patch.getAsJsonObject("metadata").get("uid").getAsString()).isEqualTo(secret.uid());
  }

  @Test
  void thePasswordOfGuestsIsAddedAndTheOthersStay() {
    ObjectMeta secret = child(ResourceType.SECRET, "vdi-auth-desk");
    assertThat(execute(new Action.AddViewerPassword(secret, cluster.now()))).isEmpty();
    JsonObject patch = writes().getFirst().json();
    assertThat(patch.getAsJsonObject("stringData").keySet()).containsExactly("viewer-password");
    assertThat(annotation(patch, Annotations.VIEWER_PASSWORD_SINCE))
        .isEqualTo(cluster.now().toString());
    assertThat(patch.getAsJsonObject("metadata").get("uid").getAsString()).isEqualTo(secret.uid());
  }

  @Test
  void aCreationFindsTheObjectOfAnEarlierAttempt() {
    DesiredObject service = desired(ChildKind.SERVICE);
    server.pauseWatches(true);
    server.put(ResourceType.SERVICE, service.body().deepCopy().toString());
    assertThat(execute(new Action.Create(service))).isEmpty();
    assertThat(writes()).extracting(FakeApiServer.Request::method).containsExactly("POST");
    assertThat(cluster.caches.services().get(NAMESPACE, "desk")).isPresent();
  }

  @Test
  void anOwnObjectWithoutLabelsGetsThemBack() {
    JsonObject unlabelled = desired(ChildKind.SERVICE).body().deepCopy();
    unlabelled.getAsJsonObject("metadata").remove("labels");
    server.put(ResourceType.SERVICE, unlabelled.toString());
    assertThat(execute(create(ChildKind.SERVICE))).isEmpty();
    assertThat(stored(ResourceType.SERVICE).orElseThrow().getAsJsonObject("metadata").has("labels"))
        .isTrue();
  }

  @Test
  void aForeignObjectIsAPermanentFailureAndIsNotChanged() {
    JsonObject foreign =
        server.put(
            ResourceType.SERVICE, "{\"metadata\": {\"name\": \"desk\", \"namespace\": \"desks\"}}");
    assertThat(execute(create(ChildKind.SERVICE)))
        .contains(
            new ApiFailure.Permanent(
                "ForeignObject", "Service desk exists and is not owned by this session"));
    assertThat(stored(ResourceType.SERVICE)).contains(foreign);
  }

  @Test
  void anObjectOfAnEarlierSessionIsWaitedFor() {
    JsonObject body = desired(ChildKind.SERVICE).body().deepCopy();
    body.getAsJsonObject("metadata")
        .getAsJsonArray("ownerReferences")
        .get(0)
        .getAsJsonObject()
        .addProperty("uid", "uid-previous");
    server.pauseWatches(true);
    server.put(ResourceType.SERVICE, body.toString());
    assertThat(execute(create(ChildKind.SERVICE)))
        .get()
        .isInstanceOf(ApiFailure.Transient.class)
        .extracting(ApiFailure::reason)
        .isEqualTo("WaitingForRemoval");
  }

  @Test
  void anUpdateOfARecreatedObjectIsAConflictAndTheCacheShowsTheNewOne() {
    server.pauseWatches(true);
    ObjectMeta stale = child(ResourceType.SERVICE, "desk");
    server.remove(ResourceType.SERVICE, NAMESPACE, "desk");
    JsonObject recreated =
        server.put(ResourceType.SERVICE, desired(ChildKind.SERVICE).body().deepCopy().toString());
    assertThat(execute(new Action.Update(desired(ChildKind.SERVICE), stale)))
        .get()
        .extracting(ApiFailure::reason)
        .isEqualTo("Conflict");
    assertThat(stored(ResourceType.SERVICE)).contains(recreated);
  }

  @Test
  void anUpdateOfADeletedObjectShowsTheDeletion() {
    ObjectMeta current = child(ResourceType.SERVICE, "desk");
    server.pauseWatches(true);
    server.remove(ResourceType.SERVICE, NAMESPACE, "desk");
    assertThat(execute(new Action.Update(desired(ChildKind.SERVICE), current)))
        .contains(new ApiFailure.Transient("Gone", "desk was deleted in the meantime"));
    assertThat(cluster.caches.services().get(NAMESPACE, "desk")).isEmpty();
  }

  @Test
  void aDeletionIsShownAndRepeatable() {
    ObjectMeta pod = child(ResourceType.POD, "desk");
    server.pauseWatches(true);
    Action delete = new Action.Delete(ResourceType.POD, pod);
    assertThat(execute(delete)).isEmpty();
    assertThat(cluster.caches.pods().get(NAMESPACE, "desk")).isEmpty();
    assertThat(execute(delete)).as("not found").isEmpty();
    server.put(ResourceType.POD, desired(ChildKind.POD).body().deepCopy().toString());
    assertThat(execute(delete)).as("another pod of the name").isEmpty();
    assertThat(stored(ResourceType.POD)).as("the other pod").isPresent();
  }

  @Test
  void finalizersOfOthersStay() {
    VdiSession shared = withFinalizers("example.com/other");
    assertThat(execute(new Action.AddFinalizer(shared))).isEmpty();
    assertThat(storedFinalizers()).containsExactly("example.com/other", VdiSession.FINALIZER);
    VdiSession both = cluster.caches.sessions().get(NAMESPACE, "desk").orElseThrow();
    assertThat(execute(new Action.RemoveFinalizer(both, HomeFate.DELETE))).isEmpty();
    assertThat(storedFinalizers()).containsExactly("example.com/other");
  }

  @Test
  void finalizersOfAChangedSessionAreAConflict() {
    withFinalizers("example.com/other");
    assertThat(execute(new Action.AddFinalizer(session)))
        .get()
        .extracting(ApiFailure::reason)
        .isEqualTo("Conflict");
    assertThat(storedFinalizers()).containsExactly("example.com/other");
  }

  @Test
  void withoutFinalizersTheSessionIsShownAsDeleted() {
    VdiSession deleting =
        put(
            """
            {"metadata": {"name": "desk", "namespace": "desks", "generation": 1,
               "finalizers": ["vdi.kasm.io/session-cleanup"],
               "deletionTimestamp": "2026-01-01T12:00:00Z"},
             "spec": {"user": "alice@example.com", "persistence": {"reclaimPolicy": "Delete"}}}
            """);
    server.pauseWatches(true);
    assertThat(execute(new Action.RemoveFinalizer(deleting, HomeFate.DELETE))).isEmpty();
    assertThat(cluster.caches.sessions().get(NAMESPACE, "desk")).isEmpty();
  }

  @Test
  void aStatusOfAnEarlierSpecIsNotWritten() {
    assertThat(executor.writeStatus(session, status(0)))
        .contains(new ApiFailure.Transient("Conflict", "the spec has changed in the meantime"));
    assertThat(writes()).isEmpty();
    assertThat(executor.writeStatus(session, status(1))).isEmpty();
    assertThat(writes()).hasSize(1);
  }

  @Test
  void aStatusIsNotWrittenToANewSessionOfTheSameName() {
    cluster.removeSession(session);
    cluster.putSession("desk", "eve@example.com", "");
    assertThat(executor.writeStatus(session, status(1)))
        .get()
        .extracting(ApiFailure::reason)
        .isEqualTo("Conflict");
  }

  private Optional<ApiFailure> execute(Action action) {
    return execute(step(Step.Order.OPTIONAL, action)).map(FailedStep::failure);
  }

  /** The first failure. */
  private Optional<FailedStep> execute(Step... steps) {
    return executeAll(steps).stream().findFirst();
  }

  private List<FailedStep> executeAll(Step... steps) {
    return executor.execute(
        session, new Plan(List.of(steps), Optional.empty(), new Requeue.Settled()));
  }

  private static Step step(Step.Order order, Action action) {
    return new Step(order, action);
  }

  private Step createDependency(ChildKind kind) {
    return step(Step.Order.DEPENDENCY, create(kind));
  }

  private Step createPod(int restarts) {
    return step(Step.Order.POD, new Action.CreatePod(desired(ChildKind.POD), restarts));
  }

  private Action create(ChildKind kind) {
    return new Action.Create(desired(kind));
  }

  private DesiredObject desired(ChildKind kind) {
    VdiTemplate.Spec template =
        KubeGson.gson().fromJson("{image: desktop}", VdiTemplate.Spec.class);
    DesiredState desired = DesiredState.of(session, template, "alice", FakeCluster.CONFIG);
    return ((DesiredState.Children) desired).get(kind).orElseThrow();
  }

  private ObjectMeta child(ResourceType<?> type, String name) {
    server.pauseWatches(false);
    return cluster.putChild(type, name, session, "{}").metadata();
  }

  private VdiSession withFinalizers(String finalizer) {
    return put(
        """
        {"metadata": {"name": "desk", "namespace": "desks", "generation": 1,
           "finalizers": ["%s"]},
         "spec": {"user": "alice@example.com", "persistence": {"reclaimPolicy": "Delete"}}}
        """
            .formatted(finalizer));
  }

  private VdiSession put(String json) {
    VdiSession stored =
        KubeGson.gson().fromJson(server.put(ResourceType.SESSION, json), VdiSession.class);
    await()
        .until(() ->
            cluster
                .caches
                .sessions()
                .get(NAMESPACE, "desk")
                .filter(shown -> shown.metadata().isAtLeast(stored.metadata()))
                .isPresent());
    return stored;
  }

  private List<String> storedFinalizers() {
    return KubeGson.gson()
        .fromJson(stored(ResourceType.SESSION).orElseThrow(), VdiSession.class)
        .metadata()
        .finalizers();
  }

  private Optional<JsonObject> stored(ResourceType<?> type) {
    return server.find(type, NAMESPACE, "desk");
  }

  private List<FakeApiServer.Request> writes() {
    return server.requests(request -> !request.method().equals("GET"));
  }

  private static Predicate<FakeApiServer.Request> isPost(String path) {
    return request -> request.method().equals("POST") && request.path().endsWith(path);
  }

  private static String annotation(JsonObject object, String key) {
    return object.getAsJsonObject("metadata").getAsJsonObject("annotations").get(key).getAsString();
  }

  private static VdiSession.Status status(long generation) {
    return new VdiSession.Status(
        Phase.PENDING, "desk", "", null, null, null, 0, "", generation, List.of());
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
