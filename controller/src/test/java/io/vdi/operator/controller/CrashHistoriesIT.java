package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The controller is killed after each of its writes, once and twice in a row, in each history of a
 * session; docs/specification.md, section 0. Afterwards the session has the objects of a session
 * that was born with its spec.
 */
@ExtendWith(ClusterExtension.class)
class CrashHistoriesIT {
  private static final Duration LONG = Duration.ofSeconds(90);

  /** No history has more writes; the runs end earlier, with the first that survives. */
  private static final int MAX_WRITES = 20;

  private static final int SAMPLE = 6;
  private static final String HOME = "persistence: {size: 1Gi, reclaimPolicy: Retain}";

  /** What happens to a session that runs. */
  private enum History {
    SUSPEND("suspended: true", Phase.SUSPENDED),
    RESUME("suspended: false", Phase.RUNNING),
    RETAIN("persistence: {size: 1Gi, reclaimPolicy: Retain}", Phase.RUNNING),
    NO_RETAIN("persistence: {size: 1Gi, reclaimPolicy: Delete}", Phase.RUNNING),
    LARGER_DESKTOP("resources: {memory: 8Gi}, suspended: true", Phase.SUSPENDED),
    POD_DELETED("", Phase.RUNNING),
    SERVICE_DELETED("", Phase.RUNNING),
    OWNERS_LOST("", Phase.RUNNING);

    private final String spec;
    private final Phase phase;

    History(String spec, Phase phase) {
      this.spec = spec;
      this.phase = phase;
    }
  }

  /**
   * @param crashes how many processes in a row are killed
   */
  private record Run(History history, int crashes) {}

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  @TempDir Path folder;

  CrashHistoriesIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
  }

  @Test
  void everyHistoryConvergesAfterACrashAtEachWrite() {
    ChaosBudget budget = new ChaosBudget();
    List<Run> runs = new ArrayList<>();
    for (History history : History.values()) {
      runs.add(new Run(history, 1));
      runs.add(new Run(history, 2));
    }
    for (Run run : budget.sample(runs, SAMPLE)) {
      boolean survived = false;
      for (int write = 1; write < MAX_WRITES && !survived; write++) {
        survived = crash(run, write, budget);
      }
      assertThat(survived).as("%s ends within %d writes; %s", run, MAX_WRITES, budget).isTrue();
    }
  }

  /** Whether the controller survived, because it had no more writes to do. */
  private boolean crash(Run run, int write, ChaosBudget budget) {
    String name =
        run.history().name().toLowerCase(Locale.ROOT).replace('_', '-')
            + "-"
            + run.crashes()
            + "-"
            + write;
    SessionFixture session = namespace.session(name);
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.create("template: kwok, " + HOME);
      session.awaitPhase(Phase.RUNNING);
      session.awaitCondition(Condition.STORAGE_READY);
      if (run.history() == History.RESUME) {
        session.suspend();
        session.awaitPhase(Phase.SUSPENDED);
      }
    }
    apply(run.history(), session);
    boolean survived = false;
    for (int crash = 0; crash < run.crashes() && !survived; crash++) {
      ChildProcess crashing = crashAfter(crash == 0 ? write : 1, session);
      await(name + ": the controller to crash, or to finish; " + budget)
          .atMost(LONG)
          .until(() -> !crashing.isAlive() || hasConverged(session, run.history()));
      survived = crashing.isAlive();
      crashing.kill();
    }
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture fresh = namespace.session("born-" + name);
      fresh.create("template: kwok, " + HOME);
      if (!run.history().spec.isEmpty()) {
        fresh.patchSpec(run.history().spec);
      }
      await(name + " to equal a session that was born with its spec; " + budget)
          .atMost(LONG)
          .untilAsserted(() -> {
            assertThat(session.get().status().phase()).isEqualTo(run.history().phase);
            assertThat(fresh.get().status().phase()).isEqualTo(run.history().phase);
            assertThat(ChildrenSnapshot.of(session)).isEqualTo(ChildrenSnapshot.of(fresh));
          });
    }
    return survived;
  }

  private void apply(History history, SessionFixture session) {
    switch (history) {
      case SUSPEND, RESUME, RETAIN, NO_RETAIN, LARGER_DESKTOP -> session.patchSpec(history.spec);
      case POD_DELETED -> delete(session, ResourceType.POD);
      case SERVICE_DELETED -> delete(session, ResourceType.SERVICE);
      case OWNERS_LOST -> {
        for (ResourceType<?> type : SessionFixture.childTypes()) {
          api.mergePatch(
                  type,
                  namespace.name(),
                  session.childName(type),
                  MergePatch.unconditional().remove("metadata.ownerReferences").toJson())
              .orElseThrow();
        }
      }
    }
  }

  private void delete(SessionFixture session, ResourceType<?> type) {
    api.delete(
            type,
            namespace.name(),
            session.childName(type),
            session.child(type).orElseThrow().metadata().uid())
        .orElseThrow();
  }

  private static boolean hasConverged(SessionFixture session, History history) {
    VdiSession now = session.get();
    String uid = now.uid();
    boolean complete =
        SessionFixture.childTypes().stream()
            .filter(type -> history.phase != Phase.SUSPENDED || !type.equals(ResourceType.POD))
            .allMatch(type ->
                session
                    .child(type)
                    .ok()
                    .filter(child ->
                        type.equals(ResourceType.PERSISTENT_VOLUME_CLAIM)
                            || child.metadata().isControlledBy(uid))
                    .isPresent());
    boolean homeIsRight =
        history != History.NO_RETAIN
            || session
                .child(ResourceType.PERSISTENT_VOLUME_CLAIM)
                .orElseThrow()
                .metadata()
                .isControlledBy(uid);
    return now.status().phase() == history.phase
        && now.status().observedGeneration() == now.metadata().generation()
        && complete
        && homeIsRight;
  }

  private ChildProcess crashAfter(int write, SessionFixture session) {
    return CrashAfterWriteController.start(
        CONTROLLER.kubeconfig(cluster), write, session.name(), folder);
  }
}
