package io.vdi.operator.controller.session.plan;

import static java.time.temporal.ChronoUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Single plans; {@link SessionPlannerProperties} checks what holds for all states. */
class SessionPlannerTest {
  private static final SessionConfig WITH_TURN =
      new SessionConfig(
          ClusterStates.CONFIG.domain(),
          ClusterStates.CONFIG.ingress(),
          ClusterStates.CONFIG.tls(),
          Optional.of(
              new SessionConfig.Turn(
                  "turn.example.com", 3478, "udp", false, "/turn/secret", Duration.ofHours(24))),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  private final SimulatedCluster cluster = new SimulatedCluster();

  SessionPlannerTest() {
    cluster.session =
        ClusterStates.session(false, true, ReclaimPolicy.DELETE, VdiSession.Status.EMPTY);
    cluster.template = Optional.of(ClusterStates.template());
  }

  @Test
  void aNewSessionGetsItsFinalizerThenItsChildrenThenThePodThenAccess() {
    Plan plan = cluster.plan();
    assertThat(plan.actions(Step.Order.FINALIZER))
        .containsExactly(new Action.AddFinalizer(cluster.session));
    assertThat(plan.actions(Step.Order.DEPENDENCY))
        .flatExtracting(action -> action.kind().stream().toList())
        .containsExactly(
            ChildKind.SECRET,
            ChildKind.HOME,
            ChildKind.SERVICE,
            ChildKind.ROUTE,
            ChildKind.GPU_CLAIM);
    assertThat(plan.actions(Step.Order.DEPENDENCY).getLast())
        .isInstanceOf(Action.ApplyShared.class);
    assertThat(plan.actions(Step.Order.POD)).singleElement().isInstanceOf(Action.CreatePod.class);
    assertThat(plan.steps()).hasSize(8);
    cluster.apply(plan);
    assertThat(cluster.plan().steps().stream().map(step -> step.action().kind()))
        .containsExactly(Optional.of(ChildKind.ROLE), Optional.of(ChildKind.ROLE_BINDING));
  }

  @Test
  void aClaimThatRequestsOtherDevicesIsReplacedBeforeThePodIsCreated() {
    cluster.session =
        ClusterStates.session(true, true, ReclaimPolicy.DELETE, VdiSession.Status.EMPTY);
    cluster.apply(cluster.plan());
    cluster.template = Optional.of(ClusterStates.template("gpu: {deviceClassName: other}"));
    cluster.session =
        ClusterStates.session(false, true, ReclaimPolicy.DELETE, cluster.session.status());
    Plan plan = cluster.plan();
    assertThat(plan.actions(Step.Order.DEPENDENCY))
        .filteredOn(action -> action.kind().equals(Optional.of(ChildKind.GPU_CLAIM)))
        .singleElement()
        .isInstanceOf(Action.Delete.class);
    assertThat(plan.actions(Step.Order.POD)).isEmpty();
    cluster.apply(plan);
    cluster.objects.remove(ResourceType.RESOURCE_CLAIM_TEMPLATE);
    cluster.apply(cluster.plan());
    assertThat(cluster.objects)
        .containsKeys(ResourceType.RESOURCE_CLAIM_TEMPLATE, ResourceType.POD);
  }

  @Test
  void theClaimIsDeletedWhenTheTemplateRequestsAnExtendedResource() {
    cluster.apply(cluster.plan());
    cluster.template = Optional.of(ClusterStates.template("gpu: {resourceName: 'amd.com/gpu'}"));
    assertThat(cluster.plan().actions(Step.Order.OPTIONAL))
        .filteredOn(Action.Delete.class::isInstance)
        .singleElement()
        .satisfies(action -> assertThat(action.kind()).contains(ChildKind.GPU_CLAIM));
  }

  @Test
  void withoutClaimsInTheClusterTheSessionFailsAndContinuesWhenTheyAreServed() {
    cluster.claimsServed = false;
    cluster.apply(cluster.plan());
    assertThat(cluster.objects)
        .containsKey(ResourceType.PERSISTENT_VOLUME_CLAIM)
        .doesNotContainKeys(ResourceType.POD, ResourceType.RESOURCE_CLAIM_TEMPLATE);
    assertThat(cluster.session.status().phase()).isEqualTo(Phase.FAILED);
    assertThat(cluster.session.status().message())
        .isEqualTo(
            "template ubuntu requests devices of class gpu.example.com, but the cluster does not"
                + " serve resourceclaimtemplates.resource.k8s.io/v1 [VDI214]");
    cluster.claimsServed = true;
    cluster.apply(cluster.plan());
    assertThat(cluster.objects)
        .containsKeys(ResourceType.POD, ResourceType.RESOURCE_CLAIM_TEMPLATE);
  }

  @Test
  void theMiddlewareIsWrittenBeforeTheRoute() {
    cluster.config = withGate("http://gate/forward-auth");
    Plan plan = cluster.plan();
    assertThat(plan.actions(Step.Order.GUARD))
        .singleElement()
        .hasToString(
            new Action.ApplyShared(
                    cluster.config.middleware().orElseThrow(), Optional.<ObjectMeta>empty())
                .toString());
    // Without it there is no route, and everything else is written.
    cluster.apply(
        plan,
        step ->
            step.order() == Step.Order.GUARD
                ? SimulatedCluster.Outcome.RETRIED
                : SimulatedCluster.Outcome.DONE);
    assertThat(cluster.objects)
        .doesNotContainKey(ResourceType.INGRESS_ROUTE)
        .containsKey(ResourceType.POD);
    Condition route = cluster.session.status().condition(Condition.ROUTE_READY).orElseThrow();
    assertThat(route.isTrue()).isFalse();
    assertThat(route.message()).startsWith("Middleware vdi-gate cannot be created: try again");
    cluster.apply(cluster.plan());
    assertThat(cluster.objects).containsKey(ResourceType.INGRESS_ROUTE);
  }

  @Test
  void aChangeOfTheAccessModeUpdatesTheRoute() {
    cluster.apply(cluster.plan());
    cluster.apply(cluster.plan());
    cluster.config = withGate("http://gate/forward-auth");
    assertThat(cluster.plan().steps())
        .extracting(Step::order)
        .containsExactly(Step.Order.GUARD, Step.Order.OPTIONAL);
    cluster.apply(cluster.plan());
    assertThat(cluster.plan().steps()).isEmpty();
    cluster.config = ClusterStates.CONFIG;
    assertThat(cluster.plan().actions(Step.Order.OPTIONAL))
        .singleElement()
        .satisfies(action -> assertThat(action.kind()).contains(ChildKind.ROUTE));
  }

  @Test
  void aClusterWithoutMiddlewaresGetsNoRoute() {
    cluster.config = withGate("http://gate/forward-auth");
    cluster.routeTypeServed = false;
    cluster.apply(cluster.plan());
    assertThat(cluster.objects).doesNotContainKey(ResourceType.INGRESS_ROUTE);
    assertThat(cluster.session.status().condition(Condition.ROUTE_READY).orElseThrow().message())
        .startsWith(
            "the cluster has no ingressroutes.traefik.io or no middlewares.traefik.io: install"
                + " Traefik's CRDs, or set access.mode to basic");
  }

  private static SessionConfig withGate(String url) {
    SessionConfig config = ClusterStates.CONFIG;
    return new SessionConfig(
        config.domain(),
        config.ingress(),
        config.tls(),
        config.turn(),
        config.network(),
        config.access(),
        Optional.of(SessionConfig.Gate.at(url)));
  }

  @Test
  void aResyncWritesThePolicyAndAllChildrenButThePod() {
    cluster.apply(cluster.plan());
    cluster.resync = true;
    assertThat(cluster.plan().actions(Step.Order.DEPENDENCY))
        .singleElement()
        .isInstanceOf(Action.ApplyShared.class);
    assertThat(cluster.plan().steps())
        .filteredOn(step -> step.order() == Step.Order.OPTIONAL)
        .map(Step::action)
        .map(action ->
            action instanceof Action.Update(DesiredObject desired, var current)
                ? desired.kind()
                : action)
        .containsExactly(ChildKind.SECRET, ChildKind.HOME, ChildKind.SERVICE, ChildKind.ROUTE);
    assertThat(cluster.plan().actions(Step.Order.ACCESS)).hasSize(1);
    assertThat(cluster.plan().actions(Step.Order.GRANT)).hasSize(1);
  }

  @Test
  void accessIsGivenAfterTheSecretAndOnlyByARoleThatWasWritten() {
    for (ChildKind refused : List.of(ChildKind.SECRET, ChildKind.ROLE)) {
      SimulatedCluster fresh = new SimulatedCluster();
      fresh.session = cluster.session;
      fresh.template = cluster.template;
      for (int pass = 0; pass < 2; pass++) {
        fresh.apply(
            fresh.plan(),
            step ->
                step.action().kind().equals(Optional.of(refused))
                    ? SimulatedCluster.Outcome.REFUSED
                    : SimulatedCluster.Outcome.DONE);
      }
      assertThat(fresh.objects).doesNotContainKey(ResourceType.ROLE_BINDING);
      assertThat(fresh.objects.containsKey(ResourceType.POD)).isEqualTo(refused == ChildKind.ROLE);
    }
  }

  @Test
  void accessIsTakenAwayWhenTheSecretOrTheRoleIsDeleted() {
    for (ResourceType<?> deleted : List.of(ResourceType.SECRET, ResourceType.ROLE)) {
      cluster.apply(cluster.plan());
      cluster.apply(cluster.plan());
      assertThat(cluster.objects).containsKey(ResourceType.ROLE_BINDING);
      cluster.objects.remove(deleted);
      cluster.apply(cluster.plan());
      assertThat(cluster.objects.get(ResourceType.ROLE_BINDING).metadata().isDeleting()).isTrue();
      cluster.advance();
    }
  }

  @Test
  void aPodOfAnEarlierVersionGetsTheLabelThatThePolicySelectsBy() {
    cluster.apply(cluster.plan());
    cluster.apply(cluster.plan());
    JsonObject pod =
        KubeGson.gson().toJsonTree(cluster.objects.get(ResourceType.POD)).getAsJsonObject();
    pod.getAsJsonObject("metadata").getAsJsonObject("labels").remove(Labels.TEMPLATE);
    cluster.objects.put(ResourceType.POD, KubeGson.gson().fromJson(pod, Pod.class));
    assertThat(cluster.plan().steps())
        .singleElement()
        .extracting(Step::action)
        .isInstanceOfSatisfying(
            Action.Update.class,
            update -> assertThat(update.desired().kind()).isEqualTo(ChildKind.POD));
  }

  @Test
  void theNewSecretGetsTurnCredentialsForAsLongAsThePodCanRun() {
    useTurn();
    Instant end = cluster.now.plus(Duration.ofHours(8)).plus(Duration.ofMinutes(30));
    assertThat(cluster.plan().actions(Step.Order.DEPENDENCY).getFirst())
        .isInstanceOfSatisfying(
            Action.CreateSecret.class,
            action ->
                assertThat(action.turn())
                    .contains(
                        new TurnGrant("/turn/secret", end, end.minus(Duration.ofMinutes(15)))));
  }

  @Test
  void withoutWebRtcThereAreNoTurnCredentials() {
    cluster.config = WITH_TURN;
    assertThat(cluster.plan().actions(Step.Order.DEPENDENCY).getFirst())
        .isInstanceOfSatisfying(
            Action.CreateSecret.class, action -> assertThat(action.turn()).isEmpty());
  }

  @Test
  void turnCredentialsAreRenewedWhenAPodIsCreatedAndTheyExpireTooEarly() {
    useTurn();
    cluster.apply(cluster.plan());
    cluster.objects.remove(ResourceType.POD);
    turnExpires(cluster.now.plus(Duration.ofHours(8)));
    assertThat(renewals(cluster.plan())).hasSize(1);
    turnExpires(cluster.now.plus(Duration.ofHours(8)).plus(Duration.ofMinutes(15)));
    assertThat(renewals(cluster.plan())).isEmpty();
  }

  @Test
  void turnCredentialsLiveForADayAndAreRenewedWhileThePodRuns() {
    cluster.config = WITH_TURN;
    cluster.template = Optional.of(ClusterStates.template("transport: webrtc, timeout: 876000h"));
    Plan first = cluster.plan();
    assertThat(first.actions(Step.Order.DEPENDENCY).getFirst())
        .isInstanceOfSatisfying(
            Action.CreateSecret.class,
            action ->
                assertThat(action.turn().orElseThrow().expires())
                    .isEqualTo(cluster.now.plus(Duration.ofHours(24))));
    cluster.apply(first);
    assertThat(cluster.plan().steps()).isEmpty();
    turnExpires(cluster.now.plus(Duration.ofHours(12)));
    assertThat(cluster.plan().steps()).isEmpty();
    for (Duration left :
        List.of(Duration.ofHours(11), Duration.ofHours(-1), Duration.ofDays(36500))) {
      turnExpires(cluster.now.plus(left));
      Plan plan = cluster.plan();
      assertThat(plan.actions(Step.Order.OPTIONAL))
          .as("%s left", left)
          .hasOnlyElementsOfType(Action.RenewTurn.class)
          .hasSize(1);
      cluster.apply(plan);
      assertThat(cluster.plan().steps()).isEmpty();
    }
  }

  @Test
  void aSecretOfAnEarlierVersionGetsThePasswordOfGuests() {
    cluster.apply(cluster.plan());
    withoutViewerPassword();
    Plan running = cluster.plan();
    assertThat(running.actions(Step.Order.OPTIONAL))
        .singleElement()
        .isInstanceOfSatisfying(
            Action.AddViewerPassword.class,
            action -> assertThat(action.now()).isEqualTo(cluster.now.truncatedTo(SECONDS)));
    cluster.apply(running);
    assertThat(cluster.plan().steps()).isEmpty();
    withoutViewerPassword();
    cluster.objects.remove(ResourceType.POD);
    assertThat(cluster.plan().actions(Step.Order.DEPENDENCY))
        .as("before the pod")
        .hasOnlyElementsOfType(Action.AddViewerPassword.class);
  }

  @Test
  void otherFlavorsHaveNoPasswordOfGuests() {
    cluster.template = Optional.of(ClusterStates.template("flavor: kasmvnc"));
    cluster.apply(cluster.plan());
    cluster.apply(cluster.plan());
    withoutViewerPassword();
    assertThat(cluster.plan().steps()).isEmpty();
  }

  private void withoutViewerPassword() {
    JsonObject json =
        KubeGson.gson().toJsonTree(cluster.objects.get(ResourceType.SECRET)).getAsJsonObject();
    json.getAsJsonObject("metadata")
        .getAsJsonObject("annotations")
        .remove(Annotations.VIEWER_PASSWORD_SINCE);
    cluster.objects.put(
        ResourceType.SECRET, KubeGson.gson().fromJson(json, ResourceType.SECRET.objectClass()));
  }

  @Test
  void aRouteOfTheFormerKindIsDeleted() {
    cluster.apply(cluster.plan());
    cluster.apply(cluster.plan());
    cluster.objects.put(
        ResourceType.INGRESS,
        ClusterStates.object(
            ResourceType.INGRESS,
            ClusterStates.meta(
                "desk",
                "uid-ingress",
                ClusterStates.owner(SimulatedCluster.SESSION_UID),
                Map.of(),
                false)));
    assertThat(cluster.plan().steps())
        .containsExactly(
            new Step(
                Step.Order.OPTIONAL,
                new Action.Delete(
                    ResourceType.INGRESS, cluster.objects.get(ResourceType.INGRESS).metadata())));
  }

  @Test
  void invalidValuesFailTheSession() {
    JsonObject json = KubeGson.gson().toJsonTree(cluster.session).getAsJsonObject();
    json.getAsJsonObject("spec").addProperty("timeout", "soon");
    cluster.session = KubeGson.gson().fromJson(json, VdiSession.class);
    Plan plan = cluster.plan();
    assertThat(plan.steps()).hasSize(1);
    assertThat(plan.status().orElseThrow().message()).startsWith("timeout \"soon\" is not");
    assertThat(SessionPlanner.wantsPod(cluster.observe(), cluster.desired(), cluster.now))
        .isFalse();
  }

  private void useTurn() {
    cluster.config = WITH_TURN;
    cluster.template = Optional.of(ClusterStates.template("transport: webrtc"));
  }

  private void turnExpires(Instant time) {
    KubeObject secret = cluster.objects.get(ResourceType.SECRET);
    JsonObject json = KubeGson.gson().toJsonTree(secret).getAsJsonObject();
    json.getAsJsonObject("metadata")
        .getAsJsonObject("annotations")
        .addProperty(Annotations.TURN_EXPIRES, time.toString());
    cluster.objects.put(
        ResourceType.SECRET, KubeGson.gson().fromJson(json, ResourceType.SECRET.objectClass()));
  }

  private static List<Action> renewals(Plan plan) {
    return plan.actions(Step.Order.DEPENDENCY).stream()
        .filter(Action.RenewTurn.class::isInstance)
        .toList();
  }
}
