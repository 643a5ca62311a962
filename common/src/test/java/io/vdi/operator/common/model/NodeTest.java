package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Node.Taint;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeTest {
  private static final Taint CORDONED =
      new Taint("node.kubernetes.io/unschedulable", "", "NoSchedule");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          unschedulable: true                                                                 | CORDONED
          taints: [{key: 'node.kubernetes.io/unschedulable', effect: NoSchedule}]               | CORDONED
          taints: [{key: ToBeDeletedByClusterAutoscaler, value: '17', effect: NoSchedule}]    | REMOVAL
          taints: [{key: 'karpenter.sh/disrupted', effect: NoSchedule}]                         | REMOVAL
          taints: [{key: 'karpenter.sh/disruption', value: disrupting, effect: NoSchedule}]     | REMOVAL
          unschedulable: true, taints: [{key: 'karpenter.sh/disrupted', effect: NoSchedule}]    | REMOVAL
          taints: [{key: DeletionCandidateOfClusterAutoscaler, effect: PreferNoSchedule}]     |
          taints: [{key: 'node.kubernetes.io/not-ready', effect: NoExecute}]                    |
          taints: [{key: 'node.kubernetes.io/out-of-service', effect: NoExecute}]               |
          taints: [{key: unschedulable, effect: NoSchedule}, {}]                              |
          unschedulable: false                                                                |
          """)
  void aNodeIsDrainedIfItIsCordonedOrAboutToBeRemoved(String spec, Node.Drain drain) {
    assertThat(node("spec: {" + spec + "}").drain()).isEqualTo(Optional.ofNullable(drain));
  }

  /** A pod that tolerates only the cordon leaves a node that is removed. */
  @Test
  void theTaintsOfTheRemovalCountBeforeThatOfTheCordon() {
    Node removed =
        node(
            "spec: {unschedulable: true, taints: [{key: 'node.kubernetes.io/unschedulable', effect:"
                + " NoSchedule}, {key: team, value: a, effect: NoSchedule}, {key:"
                + " ToBeDeletedByClusterAutoscaler, value: '17', effect: NoSchedule}]}");
    assertThat(removed.drainTaints())
        .containsExactly(new Taint("ToBeDeletedByClusterAutoscaler", "17", "NoSchedule"));
    assertThat(node("spec: {unschedulable: true}").drainTaints()).containsExactly(CORDONED);
    assertThat(node("spec: {taints: [{key: team, effect: NoSchedule}]}").drainTaints()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "NoSchedule, true",
    "NoExecute, true",
    "PreferNoSchedule, false",
    "noschedule, false",
    "'', false"
  })
  void aTaintRepelsUnlessItOnlyDiscourages(String effect, boolean repels) {
    assertThat(new Taint("team", "a", effect).repels()).isEqualTo(repels);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {type: Ready, status: 'True', lastTransitionTime: '2026-11-26T12:00:00Z'}    | ready
          {type: Ready, status: 'False', lastTransitionTime: '2026-11-26T12:00:00Z'}   | not ready
          {type: Ready, status: Unknown, lastTransitionTime: '2026-11-26T12:00:00Z'}   | not ready
          {type: Ready, lastTransitionTime: '2026-11-26T12:00:00Z'}                    | not ready
          {type: DiskPressure, status: 'True', lastTransitionTime: '2026-11-26T12:00:00Z'} |
          """)
  void aNodeThatHasReportedIsReadyOrNotSinceATime(String condition, String state) {
    Node node = node("status: {conditions: [{type: MemoryPressure}, " + condition + "]}");
    Optional<Instant> time = Optional.of(Instant.parse("2026-11-26T12:00:00Z"));
    assertThat(node.readySince())
        .as("ready")
        .isEqualTo("ready".equals(state) ? time : Optional.empty());
    assertThat(node.notReadySince())
        .as("not ready")
        .isEqualTo("not ready".equals(state) ? time : Optional.empty());
  }

  @Test
  void onlyWhatAClusterWithThousandsOfNodesNeedsIsKept() {
    Node.Status status =
        node("""
        status: {allocatable: {cpu: 15890m, memory: 64Gi, pods: '110', ephemeral-storage: '1',
          hugepages-2Mi: '0', 'nvidia.com/gpu': '8', 'nvidia.com/mig-1g.10gb': '0'},
          conditions: [{type: DiskPressure, status: 'False'}, {type: Ready, status: 'True'}]}
        """)
            .status();
    assertThat(status.allocatable())
        .isEqualTo(Map.of("nvidia.com/gpu", "8", "nvidia.com/mig-1g.10gb", "0"));
    assertThat(status.conditions()).extracting(Condition::type).containsExactly("Ready");
  }

  @ParameterizedTest
  @CsvSource({
    "''",
    "'spec: null, status: null'",
    "'spec: {taints: null}, status: {conditions: null}'"
  })
  void aNodeThatHasJustRegisteredIsNeitherDrainedNorLost(String fields) {
    Node node = node(fields);
    assertThat(node.drain()).isEmpty();
    assertThat(node.notReadySince()).isEmpty();
    assertThat(node.status().allocatable()).isEmpty();
  }

  private static Node node(String fields) {
    return KubeGson.gson().fromJson("{" + fields + "}", Node.class);
  }
}
