package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.cli.FakeCluster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkloadChecksTest {
  private static final String POD = FakeCluster.core("pods", "alice");
  private static final String CLAIM = FakeCluster.core("persistentvolumeclaims", "vdi-data-alice");
  private static final String CLASSES = "/apis/storage.k8s.io/v1/storageclasses/";
  private static final String EVENT = FakeCluster.core("events", "e1");

  private final CheckRunner runner = new CheckRunner();

  @BeforeEach
  void session() {
    runner.alice("", "phase: Creating", 60);
  }

  @AfterEach
  void close() {
    runner.close();
  }

  private String check(String name) {
    return runner.runOnAlice(WorkloadChecks.checks(), name);
  }

  private void claim(String spec, String annotations, long ageSeconds) {
    runner.fake.put(
        CLAIM,
        "{metadata: {uid: c1, creationTimestamp: '%s', annotations: {%s}}, spec: {%s}}"
            .formatted(runner.fake.time().minusSeconds(ageSeconds), annotations, spec));
  }

  private void pod(String spec, String status) {
    runner.fake.put(POD, "{metadata: {uid: p1}, spec: {%s}, status: {%s}}".formatted(spec, status));
  }

  private void container(String state) {
    pod("nodeName: node-1", "phase: Running, containerStatuses: [{name: selkies, " + state + "}]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"placed", "pod", "mounted", "image", "home", "container"})
  void withoutPodTheChecksAreSkipped(String name) {
    assertThat(check(name)).isEqualTo("skipped: there is no pod");
  }

  @Test
  void aPodThatIsBeingDeletedDoesNotCount() {
    runner.fake.put(POD, "metadata: {deletionTimestamp: '2026-01-01T12:00:00Z'}");
    assertThat(check("pod")).isEqualTo("skipped: there is no pod");
  }

  @Test
  void aLostNodeIsReportedAlsoWhileThePodIsDeleted() {
    assertThat(check("node")).isEqualTo("skipped: there is no pod");
    pod("nodeName: node-1", "phase: Running");
    assertThat(check("node")).isEqualTo("ok: no node node-1");
    node("'True'");
    assertThat(check("node")).isEqualTo("ok: node-1");
    node("Unknown");
    runner.fake.put(
        POD, "{metadata: {deletionTimestamp: '2026-01-01T12:00:00Z'}, spec: {nodeName: node-1}}");
    assertThat(check("node"))
        .isEqualTo("VDI209 pod alice in team-a: node-1 is NotReady since 2026-01-01T11:00:00Z");
  }

  @Test
  void aDrainedNodeIsAWarning() {
    pod("nodeName: node-1", "phase: Running");
    runner.fake.put(
        "/api/v1/nodes/node-1",
        "{spec: {unschedulable: true}, status: {conditions: [{type: Ready, status: 'True'}]}}");
    assertThat(check("node")).isEqualTo("VDI210 pod alice in team-a: node node-1 is being drained");
  }

  private void node(String ready) {
    runner.fake.put(
        "/api/v1/nodes/node-1",
        "{status: {conditions: [{type: Ready, status: %s, lastTransitionTime:".formatted(ready)
            + " '2026-01-01T11:00:00Z'}]}}");
  }

  @Test
  void theVolumeIsBound() {
    assertThat(check("volume"))
        .isEqualTo("skipped: no claim: persistence is off, or it is not created yet");
    runner.fake.put(CLAIM, "status: {phase: Bound, capacity: {storage: 10Gi}}");
    assertThat(check("volume")).isEqualTo("ok: bound, 10Gi");
  }

  @Test
  void aMissingStorageClassIsReported() {
    claim("storageClassName: fast", "", 5);
    assertThat(check("volume"))
        .isEqualTo(
            "VDI221 persistentvolumeclaim vdi-data-alice in team-a: storage class fast does not"
                + " exist");
    claim("", "", 5);
    assertThat(check("volume"))
        .isEqualTo(
            "VDI221 persistentvolumeclaim vdi-data-alice in team-a: it has no storage class, and"
                + " the cluster has no default");
    runner.fake.put(
        CLASSES + "standard",
        "metadata: {annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}");
    assertThat(check("volume")).isEqualTo("skipped: provisioning since 5 s");
  }

  @Test
  void aVolumeThatIsNotProvisionedIsReported() {
    runner.fake.put(CLASSES + "fast", "volumeBindingMode: Immediate");
    claim("storageClassName: fast", "", 31);
    assertThat(check("volume"))
        .isEqualTo(
            "VDI222 persistentvolumeclaim vdi-data-alice in team-a: Pending for 31 s, storage class"
                + " fast");
    runner.fake.put(EVENT, "{reason: ProvisioningFailed, message: disk is full}");
    claim("storageClassName: fast", "", 5);
    assertThat(check("volume"))
        .isEqualTo("VDI222 persistentvolumeclaim vdi-data-alice in team-a: disk is full");
  }

  @Test
  void aVolumeMayWaitForThePod() {
    runner.fake.put(CLASSES + "late", "volumeBindingMode: WaitForFirstConsumer");
    claim("storageClassName: late", "", 3600);
    assertThat(check("volume")).isEqualTo("skipped: provisioned after the pod is scheduled");
    claim("storageClassName: late", "volume.kubernetes.io/selected-node: node-1", 3600);
    assertThat(check("volume")).startsWith("VDI222 ");
  }

  private void unschedulable(String message) {
    pod("", "conditions: [{type: PodScheduled, status: 'False', message: '" + message + "'}]");
  }

  @Test
  void theSchedulersMessageNamesGpusOrOtherResources() {
    unschedulable("0/3 nodes are available: 3 Insufficient nvidia.com/gpu.");
    assertThat(check("gpu"))
        .isEqualTo(
            "VDI201 pod alice in team-a: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.");
    unschedulable("0/3 nodes are available: 3 Insufficient cpu.");
    assertThat(check("gpu")).isEqualTo("ok: the pod does not wait for a GPU");
    assertThat(check("placed"))
        .isEqualTo("VDI202 pod alice in team-a: 0/3 nodes are available: 3 Insufficient cpu.");
    unschedulable("unbound immediate PersistentVolumeClaims");
    assertThat(check("placed")).isEqualTo("skipped: not yet");
  }

  @Test
  void aPodOnANodeIsScheduled() {
    pod("nodeName: node-1", "phase: Pending");
    assertThat(check("placed")).isEqualTo("ok: on node node-1");
    runner.alice("suspended: true", "phase: Suspended", 60);
    assertThat(check("placed")).isEqualTo("skipped: the session is suspended");
  }

  @Test
  void aFinishedPodIsReported() {
    pod("nodeName: node-1", "phase: Running");
    assertThat(check("pod")).isEqualTo("ok: Running");
    pod("nodeName: node-1", "phase: Failed, reason: Evicted, message: low on memory");
    assertThat(check("pod")).isEqualTo("VDI208 pod alice in team-a: Evicted low on memory");
    pod("nodeName: node-1", "phase: Failed, reason: UnexpectedAdmissionError");
    assertThat(check("pod")).startsWith("VDI207 ");
  }

  @Test
  void aVolumeThatIsNotMountedIsReported() {
    container("state: {waiting: {reason: ContainerCreating}}");
    assertThat(check("mounted")).isEqualTo("skipped: not yet");
    runner.fake.put(EVENT, "{reason: FailedMount, message: no such device}");
    assertThat(check("mounted")).isEqualTo("VDI223 pod alice in team-a: no such device");
    container("state: {running: {}}");
    assertThat(check("mounted")).isEqualTo("ok: at /home/user");
  }

  @Test
  void anImageThatIsNotPulledIsReported() {
    container("state: {waiting: {reason: ContainerCreating}}");
    assertThat(check("image")).isEqualTo("skipped: not yet");
    container("state: {waiting: {reason: ImagePullBackOff, message: not found}}");
    assertThat(check("image")).isEqualTo("VDI231 pod alice in team-a: ImagePullBackOff not found");
    container("state: {running: {}}");
    assertThat(check("image")).isEqualTo("ok: the image is on the node");
  }

  @Test
  void aFailedWriteToTheHomeIsFoundInLogAndExitMessage() {
    container("state: {waiting: {reason: ContainerCreating}}");
    assertThat(check("home")).isEqualTo("skipped: not yet");
    container("state: {running: {}}");
    runner.fake.text(POD + "/log", "starting\n");
    assertThat(check("home")).isEqualTo("ok: no failed write in the log");
    runner.fake.text(POD + "/log", "starting\nmkdir: /home/user/.cache: Permission denied\n");
    claim("storageClassName: local-path", "", 60);
    assertThat(check("home"))
        .isEqualTo("VDI224 pod alice in team-a: mkdir: /home/user/.cache: Permission denied");
    container(
        "state: {running: {}}, lastState: {terminated: {exitCode: 1, message: '/home/user is not"
            + " writable'}}");
    assertThat(check("home")).isEqualTo("VDI224 pod alice in team-a: /home/user is not writable");
  }

  @Test
  void withoutPermissionForLogsOrExecTheHomeIsUnknown() {
    container("state: {running: {}}");
    runner.fake.reject("GET " + POD + "/log", 403, "pods/log is forbidden");
    assertThat(check("home")).isEqualTo("skipped: pods/log is forbidden");
    runner.fake.reject("GET " + POD + "/exec", 403, "pods/exec is forbidden");
    runner.probe();
    assertThat(check("home")).startsWith("skipped: cannot run a program in the desktop");
  }

  @Test
  void aContainerThatExitsIsReported() {
    container("restartCount: 0, state: {running: {}}");
    assertThat(check("container")).isEqualTo("ok: running");
    container(
        "restartCount: 0, state: {terminated: {exitCode: 1, reason: Error, message: \"a\\nlast"
            + " line\\n\"}}");
    assertThat(check("container"))
        .isEqualTo("VDI232 pod alice in team-a: exit code 1 (Error), 0 restarts: last line");
    container(
        "restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated:"
            + " {exitCode: 137, reason: OOMKilled}}");
    assertThat(check("container"))
        .isEqualTo("VDI232 pod alice in team-a: exit code 137 (OOMKilled), 4 restarts");
  }

  @Test
  void aReadyContainerMayHaveExitedBefore() {
    pod(
        "nodeName: node-1",
        "conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: selkies,"
            + " restartCount: 1, state: {running: {}}, lastState: {terminated: {exitCode: 1}}}]");
    assertThat(check("container")).isEqualTo("ok: running");
  }
}
