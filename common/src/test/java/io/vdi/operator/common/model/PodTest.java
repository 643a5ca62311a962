package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PodTest {
  private static final String FOUR_GPUS =
      "spec: {containers: [{name: proxy, resources: {limits: {'nvidia.com/gpu': '1'}}}, {name:"
          + " selkies, resources: {limits: {cpu: '2', memory: 4Gi, 'nvidia.com/gpu': '4'}}}]}";

  @Test
  void theGpusAreTheExtendedResourceOfTheDesktopsContainer() {
    Pod pod = pod(FOUR_GPUS);
    assertThat(pod.gpus()).isEqualTo(4);
    assertThat(pod.gpuResource()).contains("nvidia.com/gpu");
    Pod none = pod("spec: {containers: [{name: selkies, resources: {limits: {cpu: '2'}}}]}");
    assertThat(none.gpus()).isZero();
    assertThat(none.gpuResource()).isEmpty();
  }

  /** Users of the namespace can write annotations of pods; quotas and reports add GPUs. */
  @ParameterizedTest
  @CsvSource({
    "2, 2",
    "0, 4",
    "-2, 4",
    "many, 4",
    "'', 4",
    "2147483648, 2147483647",
    "9223372036854775807, 2147483647",
    "9223372036854775808, 2147483647",
    "1e30, 2147483647"
  })
  void theDevicesOfTheClaimCountBeforeTheLimitsAndNeverOverflow(String claimed, long gpus) {
    assertThat(
            pod("metadata: {annotations: {'vdi.kasm.io/claimed-gpus': '%s'}}, %s"
                    .formatted(claimed, FOUR_GPUS))
                .gpus())
        .isEqualTo(gpus);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {name: selkies, state: {terminated: {finishedAt: '2026-11-26T12:00:00Z'}}} | 2026-11-26T12:00:00Z
          {name: proxy, state: {terminated: {finishedAt: '2026-11-26T12:00:00Z'}}}   | 2026-11-26T13:00:00Z
          {name: selkies, state: {terminated: {}}}                                   | 2026-11-26T13:00:00Z
          {name: selkies, state: {running: {}}}                                      | 2026-11-26T13:00:00Z
          """)
  void aFailedDesktopEndedWithItsContainerOrElseWithItsConditions(String status, Instant end) {
    String failed =
        "status: {phase: Failed, containerStatuses: [" + status + "], conditions: [" + "%s" + "]}";
    String conditions =
        "{type: Ready, status: 'False', lastTransitionTime: '2026-11-26T12:30:00Z'}, {type:"
            + " DisruptionTarget, status: 'True', lastTransitionTime: '2026-11-26T13:00:00Z'},"
            + " {type: PodScheduled, status: 'True', lastTransitionTime: '2026-11-26T14:00:00Z'}";
    assertThat(pod(failed.formatted(conditions)).endedAt()).contains(end);
  }

  @Test
  void aDesktopThatIsDeletedEndsWithTheRequest() {
    String deleted =
        "metadata: {deletionTimestamp: '2026-11-26T12:00:30Z', deletionGracePeriodSeconds: 30},"
            + " status: {phase: %s, containerStatuses: [{name: selkies, state: {terminated:"
            + " {finishedAt: '2026-11-26T%s:05Z'}}}]}";
    Optional<Instant> requested = Optional.of(Instant.parse("2026-11-26T12:00:00Z"));
    assertThat(pod(deleted.formatted("Running", "11:00")).endedAt()).isEqualTo(requested);
    assertThat(pod(deleted.formatted("Succeeded", "12:00")).endedAt()).isEqualTo(requested);
    assertThat(pod(deleted.formatted("Failed", "11:00")).endedAt())
        .as("it failed before")
        .contains(Instant.parse("2026-11-26T11:00:05Z"));
    assertThat(pod("status: {phase: Running}").endedAt()).as("it runs").isEmpty();
    assertThat(pod("status: {phase: Failed}").endedAt()).as("nobody knows").isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          state: {terminated: {reason: Error}}, lastState: {terminated: {reason: OOMKilled}}, restartCount: 1 | Error
          state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: OOMKilled}}, restartCount: 1 | OOMKilled
          state: {running: {}}, lastState: {terminated: {reason: OOMKilled}}, restartCount: 0 |
          state: {running: {}}, lastState: {} |
          state: null, lastState: null |
          """)
  void aContainerEndedNowOrBeforeItsLastRestart(String status, String reason) {
    Pod pod = pod("status: {containerStatuses: [{name: selkies, " + status + "}]}");
    assertThat(pod.status().containerStatuses().getFirst().exit().map(Pod.Detail::reason))
        .isEqualTo(Optional.ofNullable(reason));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [{name: selkies, state: {waiting: {reason: ContainerCreating}}}]                     | false | false
          [{name: selkies, state: {waiting: {reason: ImagePullBackOff}}}]                      | true  | false
          [{name: selkies, started: false, state: {running: {}}}]                              | true  | false
          [{name: selkies, started: true, state: {running: {}}}]                               | true  | true
          [{name: proxy, started: true, state: {running: {}}}]                                 | true  | false
          []                                                                                   | false | false
          """)
  void theKubeletReportsHowFarTheStartIs(String statuses, boolean mounted, boolean started) {
    Pod pod = pod("status: {containerStatuses: " + statuses + "}");
    assertThat(pod.hasMounted()).as("volumes are mounted").isEqualTo(mounted);
    assertThat(pod.hasStarted()).as("the desktop runs").isEqualTo(started);
  }

  @Test
  void theSchedulerReportsWhyAPodWaits() {
    Pod waits =
        pod(
            "status: {conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable,"
                + " message: '0/3 nodes are available'}]}");
    assertThat(waits.unschedulable()).contains("0/3 nodes are available");
    assertThat(waits.scheduledAt()).isEmpty();
    Pod bound = pod("metadata: {creationTimestamp: '2026-11-26T12:00:00Z'}, spec: {nodeName: n1}");
    assertThat(bound.unschedulable()).isEmpty();
    assertThat(bound.scheduledAt())
        .as("without a condition, when it was created")
        .contains(Instant.parse("2026-11-26T12:00:00Z"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "spec: null, status: null", "spec: {containers: [{}]}, status: {phase: null}"})
  void aPodThatNobodyHasSeenYetIsPending(String fields) {
    Pod pod = pod(fields);
    assertThat(pod.status().phase()).isEqualTo("Pending");
    assertThat(pod.isFinished() || pod.isReady() || pod.isScheduled() || pod.hasStarted())
        .as("finished, ready, scheduled or started")
        .isFalse();
    assertThat(pod.gpus()).isZero();
    assertThat(pod.allContainerStatuses()).isEmpty();
  }

  private static Pod pod(String fields) {
    return KubeGson.gson().fromJson("{" + fields + "}", Pod.class);
  }
}
