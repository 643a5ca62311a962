package io.vdi.operator.controller.session.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.PersistentVolume;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.FakeCluster;
import io.vdi.operator.controller.session.plan.ChildState;
import io.vdi.operator.controller.session.plan.DrainCheck;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.ObservedSessions;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DrainCheckerTest {
  private static final String READY =
      "conditions: [{type: Ready, status: 'True', lastTransitionTime: '2026-01-01T11:00:00Z'}]";
  private static final DrainCheck NOWHERE = new DrainCheck.Fixed("no other node can run it");
  private static final DrainCheck UNREADABLE =
      new DrainCheck.Fixed("the controller cannot read whether another node can run it");

  private final FakeCluster cluster = FakeCluster.watched();
  private final DrainChecker checker = new DrainChecker(cluster.client, cluster.caches);
  private final VdiTemplate template = cluster.putTemplate(", \"drainGrace\": \"10m\"");
  private final VdiSession session = cluster.putSession("desk", "alice@example.com", "");

  DrainCheckerTest() {
    node("first", "unschedulable: true", "");
    pod("desk", "nodeName: first", 1);
  }

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void anotherNodeWithAFreeGpuIsEnough() {
    node("second", "", "'nvidia.com/gpu': '1'");
    assertThat(check()).contains(new DrainCheck.Movable());
  }

  @Test
  void aSingleNodeKeepsItsDesktop() {
    assertThat(check()).contains(NOWHERE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "unschedulable: true",
        "taints: [{key: team, value: x, effect: NoSchedule}]",
        "taints: [{key: 'karpenter.sh/disrupted', effect: NoSchedule}]"
      })
  void aNodeThatRepelsThePodDoesNotCount(String spec) {
    node("second", spec, "'nvidia.com/gpu': '1'");
    assertThat(check()).contains(NOWHERE);
  }

  @Test
  void aTaintThatOnlyDiscouragesCounts() {
    node("second", "taints: [{key: spot, effect: PreferNoSchedule}]", "'nvidia.com/gpu': '1'");
    assertThat(check()).contains(new DrainCheck.Movable());
  }

  @Test
  void aNodeThatIsNotReadyDoesNotCount() {
    cluster.server.put(
        ResourceType.NODE,
        "{metadata: {name: second}, status: {allocatable: {'nvidia.com/gpu': '1'}, conditions:"
            + " [{type: Ready, status: Unknown}]}}");
    assertThat(check()).contains(NOWHERE);
  }

  @Test
  void gpusInUseOrExpectedByPodsThatWaitDoNotCount() {
    node("second", "", "'nvidia.com/gpu': '2'");
    pod("other", "nodeName: second", 1);
    assertThat(check()).contains(new DrainCheck.Movable());
    pod("waits", "", 1);
    assertThat(check()).contains(NOWHERE);
  }

  @Test
  void aNodeThatDoesNotMatchThePodDoesNotCount() {
    node("second", "", "'nvidia.com/gpu': '1'");
    pod("desk", "nodeName: first, nodeSelector: {zone: a}", 1);
    assertThat(check()).contains(NOWHERE);
    cluster.server.put(
        ResourceType.NODE,
        "{metadata: {name: third, labels: {zone: a}}, status: {allocatable: {'nvidia.com/gpu': '1'}, "
            + READY
            + "}}");
    cluster.setTime(cluster.now().plusSeconds(6));
    assertThat(check()).contains(new DrainCheck.Movable());
  }

  @Test
  void aTermWithoutRequirementsAllowsNoNode() {
    node("second", "", "'nvidia.com/gpu': '1'");
    pod(
        "desk",
        "nodeName: first, affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{}]}}}",
        1);
    assertThat(check()).contains(NOWHERE);
  }

  @Test
  void aLocalVolumeKeepsItsDesktop() {
    node("second", "", "'nvidia.com/gpu': '1'");
    cluster.server.put(
        PersistentVolume.TYPE,
        "{metadata: {name: pv-1}, spec: {nodeAffinity: {required: {nodeSelectorTerms: [{matchFields:"
            + " [{key: metadata.name, operator: In, values: [first]}]}]}}}}");
    assertThat(check("pv-1")).contains(NOWHERE);
    cluster.server.put(PersistentVolume.TYPE, "{metadata: {name: pv-1}, spec: {}}");
    assertThat(check("pv-1")).contains(new DrainCheck.Movable());
  }

  @Test
  void aVolumeThatCannotBeReadKeepsItsDesktop() {
    node("second", "", "'nvidia.com/gpu': '1'");
    cluster.server.reject(
        request -> request.path().contains("persistentvolumes/"), 403, "Forbidden", "no");
    assertThat(check("pv-1")).contains(UNREADABLE);
  }

  @Test
  void aPodThatWouldComeBackStays() {
    node("second", "", "'nvidia.com/gpu': '1'");
    pod("desk", "nodeName: first, tolerations: [{operator: Exists}]", 1);
    assertThat(check())
        .contains(new DrainCheck.Fixed("its pod tolerates the taint, and would start there again"));
  }

  @Test
  void anAutoscalerHasCheckedThatThePodsFitElsewhere() {
    node("first", "taints: [{key: ToBeDeletedByClusterAutoscaler, effect: NoSchedule}]", "");
    assertThat(check()).contains(new DrainCheck.Movable());
  }

  @Test
  void anOldCacheStopsNothing() {
    Node cached = cluster.caches.nodes().get("", "first").orElseThrow();
    cluster.server.pauseWatches(true);
    cluster.server.put(ResourceType.NODE, "{metadata: {name: first}, status: {" + READY + "}}");
    ObservedSession checked = checked(Optional.of(cached), "");
    assertThat(checked.drainCheck()).isEmpty();
    assertThat(checked.node().flatMap(Node::drain)).isEmpty();
    assertThat(cluster.caches.nodes().get("", "first").flatMap(Node::drain)).isEmpty();
    cluster.server.pauseWatches(false);
  }

  @Test
  void aNodeThatIsNotDrainedIsNotRead() {
    node("first", "", "");
    int before = cluster.server.requests(request -> !request.isWatch()).size();
    assertThat(check()).isEmpty();
    assertThat(cluster.server.requests(request -> !request.isWatch())).hasSize(before);
  }

  private Optional<DrainCheck> check() {
    return check("");
  }

  private Optional<DrainCheck> check(String volume) {
    return checked(cluster.caches.nodes().get("", "first"), volume).drainCheck();
  }

  private ObservedSession checked(Optional<Node> node, String volume) {
    Map<ChildKind, ChildState> children = new EnumMap<>(ChildKind.class);
    Pod pod = cluster.caches.pods().get(FakeCluster.NAMESPACE, "desk").orElseThrow();
    children.put(ChildKind.POD, ChildState.of(ResourceType.POD, pod, session));
    if (!volume.isEmpty()) {
      PersistentVolumeClaim home =
          new PersistentVolumeClaim(
              pod.metadata(), new PersistentVolumeClaim.Spec("", null, volume), null);
      children.put(
          ChildKind.HOME, ChildState.of(ResourceType.PERSISTENT_VOLUME_CLAIM, home, session));
    }
    ObservedSession observed = ObservedSessions.of(session, Optional.of(template), children);
    return checker.check(
        node.map(observed::withNode).orElse(observed),
        Optional.of(Defaults.effectiveSpec(session.spec(), template.spec())),
        cluster.now());
  }

  private void node(String name, String spec, String allocatable) {
    var stored =
        cluster.server.put(
            ResourceType.NODE,
            "{metadata: {name: %s}, spec: {%s}, status: {allocatable: {%s}, %s}}"
                .formatted(name, spec, allocatable, READY));
    String version = stored.getAsJsonObject("metadata").get("resourceVersion").getAsString();
    await()
        .until(() ->
            cluster
                .caches
                .nodes()
                .get("", name)
                .filter(shown -> shown.metadata().resourceVersion().equals(version))
                .isPresent());
  }

  private void pod(String name, String spec, int gpus) {
    var stored =
        cluster.server.put(
            ResourceType.POD,
            """
            {metadata: {name: %s, namespace: desks, uid: uid-%1$s, labels: {
               'app.kubernetes.io/managed-by': vdi-operator}, ownerReferences: [{
               apiVersion: 'vdi.kasm.io/v1alpha1', kind: VDISession, name: %1$s, uid: '%s',
               controller: true}]},
             spec: {%s, containers: [{name: selkies, resources: {limits: {'nvidia.com/gpu': '%d'}}}]},
             status: {phase: Running}}
            """
                .formatted(name, session.uid(), spec.isEmpty() ? "hostname: x" : spec, gpus));
    String version = stored.getAsJsonObject("metadata").get("resourceVersion").getAsString();
    await()
        .until(() ->
            cluster
                .caches
                .pods()
                .get(FakeCluster.NAMESPACE, name)
                .filter(shown -> shown.metadata().resourceVersion().equals(version))
                .isPresent());
  }
}
