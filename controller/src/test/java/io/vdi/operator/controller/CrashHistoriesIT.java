package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.testing.ChaosBudget;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

  private static final int SAMPLE = 2;
  private static final String WEBRTC = "crash-webrtc";
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
    OWNERS_LOST("", Phase.RUNNING),
    /** The controller starts with another kind of route. */
    INGRESS_KIND_CHANGED("", Phase.RUNNING),
    /** A pod starts, and the TURN credentials in the Secret have expired. */
    TURN_RENEWED("", Phase.RUNNING),
    /** A session waits for a quota, which is raised. */
    QUOTA_GRANTED("", Phase.RUNNING),
    /** A pod does not become ready in time. */
    START_GIVEN_UP("", Phase.FAILED);

    private final String spec;
    private final Phase phase;

    History(String spec, Phase phase) {
      this.spec = spec;
      this.phase = phase;
    }

    String template() {
      return switch (this) {
        case TURN_RENEWED -> WEBRTC;
        case START_GIVEN_UP -> TestTemplates.MANUAL;
        default -> TestTemplates.SIMULATED;
      };
    }

    String firstHome() {
      return this == RETAIN ? HOME.replace("Retain", "Delete") : HOME;
    }

    /** The phase before the history. */
    Phase firstPhase() {
      return switch (this) {
        case QUOTA_GRANTED -> Phase.PENDING;
        case START_GIVEN_UP -> Phase.CREATING;
        default -> Phase.RUNNING;
      };
    }

    boolean hasPod() {
      return phase == Phase.RUNNING;
    }

    ResourceType<?> routeType() {
      return this == INGRESS_KIND_CHANGED ? ResourceType.INGRESS : ResourceType.INGRESS_ROUTE;
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
    TestTemplates.applySimulated(api, WEBRTC, "transport: webrtc");
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
    History history = run.history();
    SessionFixture session = namespace.session(name);
    try (RunningService _ = CONTROLLER.withSettings(settingsBefore(history)).start(cluster)) {
      session.create("template: " + history.template() + ", " + history.firstHome());
      session.awaitPhase(history.firstPhase());
      switch (history) {
        case RESUME -> {
          session.suspend();
          session.awaitPhase(Phase.SUSPENDED);
        }
        case QUOTA_GRANTED -> session.awaitMessage("quota exceeded");
        // Conditions of a session that starts are written at most every 60 s.
        case START_GIVEN_UP ->
            await(name + ": the home to be bound")
                .atMost(LONG)
                .until(() ->
                    session.child(ResourceType.PERSISTENT_VOLUME_CLAIM).orElseThrow().isBound());
        default -> session.awaitCondition(Condition.STORAGE_READY);
      }
    }
    apply(history, session);
    boolean survived = false;
    for (int crash = 0; crash < run.crashes() && !survived; crash++) {
      ChildProcess crashing = crashAfter(crash == 0 ? write : 1, session, history);
      await(name + ": the controller to crash, or to finish; " + budget)
          .atMost(LONG)
          .until(() -> !crashing.isAlive() || hasConverged(session, history));
      survived = CrashAfterWriteController.survives(crashing);
      crashing.kill();
    }
    try (RunningService _ = CONTROLLER.withSettings(settingsAfter(history)).start(cluster)) {
      if (history == History.START_GIVEN_UP) {
        session.kubeletRemovesPod();
      }
      SessionFixture fresh = namespace.session("born-" + name);
      fresh.create("template: " + history.template() + ", " + HOME);
      if (!history.spec.isEmpty()) {
        fresh.patchSpec(history.spec);
      }
      await(name + " to equal a session that was born with its spec; " + budget)
          .atMost(LONG)
          .untilAsserted(() -> {
            assertThat(session.get().status().phase()).isEqualTo(history.phase);
            assertThat(fresh.get().status().phase()).isEqualTo(bornPhase(history));
            assertThat(ChildrenSnapshot.of(session)).isEqualTo(born(fresh, history));
            assertThat(hasConverged(session, history)).isTrue();
          });
      if (history == History.START_GIVEN_UP) {
        // Not stuck: the change of the session starts it again.
        session.patchSpec("resources: {memory: 8Gi}");
        session.awaitChild(ResourceType.POD);
      }
    }
    return survived;
  }

  /** A session that was given up has all objects of a fresh one except the pod. */
  private static Map<String, String> born(SessionFixture fresh, History history) {
    Map<String, String> snapshot = ChildrenSnapshot.of(fresh);
    if (history == History.START_GIVEN_UP) {
      snapshot.remove(ResourceType.POD.kind());
    }
    return snapshot;
  }

  private static Phase bornPhase(History history) {
    return history == History.START_GIVEN_UP ? Phase.CREATING : history.phase;
  }

  private Map<String, String> settingsBefore(History history) {
    return switch (history) {
      case TURN_RENEWED -> turn();
      case QUOTA_GRANTED ->
          Map.of("vdiConfig_QUOTA_MODE", "queue", "vdiConfig_QUOTA_USER_GPUS", "0");
      default -> Map.of();
    };
  }

  private Map<String, String> settingsAfter(History history) {
    return switch (history) {
      case INGRESS_KIND_CHANGED -> Map.of("vdiConfig_INGRESS_KIND", "ingress");
      case TURN_RENEWED -> turn();
      case QUOTA_GRANTED ->
          Map.of("vdiConfig_QUOTA_MODE", "queue", "vdiConfig_QUOTA_USER_GPUS", "1");
      default -> Map.of();
    };
  }

  private Map<String, String> turn() {
    try {
      Path secret = Files.writeString(folder.resolve("turn"), "shared-secret");
      return Map.of(
          "vdiConfig_TURN_HOST",
          "turn.example.com",
          "vdiConfig_TURN_SECRET_FILE",
          secret.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void apply(History history, SessionFixture session) {
    switch (history) {
      case SUSPEND, RESUME, RETAIN, NO_RETAIN, LARGER_DESKTOP -> session.patchSpec(history.spec);
      case POD_DELETED -> delete(session, ResourceType.POD);
      case SERVICE_DELETED -> delete(session, ResourceType.SERVICE);
      case OWNERS_LOST -> {
        for (ResourceType<?> type : SessionFixture.childTypes()) {
          patchChild(session, type, MergePatch.unconditional().remove("metadata.ownerReferences"));
        }
      }
      case TURN_RENEWED -> {
        patchChild(
            session,
            ResourceType.SECRET,
            MergePatch.unconditional()
                .annotation(Annotations.TURN_EXPIRES, Instant.EPOCH.toString()));
        delete(session, ResourceType.POD);
      }
      case START_GIVEN_UP ->
          session.setPodStatus(
              """
              {"conditions": [{"type": "PodScheduled", "status": "True",
                "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
              """);
      case INGRESS_KIND_CHANGED, QUOTA_GRANTED -> {
        // The controller starts with other settings.
      }
    }
  }

  private void patchChild(SessionFixture session, ResourceType<?> type, MergePatch patch) {
    api.mergePatch(type, namespace.name(), session.childName(type), patch.toJson()).orElseThrow();
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
    boolean complete =
        SessionFixture.childTypes().stream()
            .map(type -> type.equals(ResourceType.INGRESS_ROUTE) ? history.routeType() : type)
            .filter(type -> history.hasPod() || !type.equals(ResourceType.POD))
            .allMatch(type ->
                session
                    .child(type)
                    .ok()
                    .filter(child -> !child.metadata().isDeleting())
                    .filter(child ->
                        type.equals(ResourceType.PERSISTENT_VOLUME_CLAIM)
                            || child.metadata().isControlledBy(now.uid()))
                    .isPresent());
    return now.status().phase() == history.phase
        && now.status().observedGeneration() == now.metadata().generation()
        && complete
        && isDone(session, history, now.uid());
  }

  /** What the phase and the existence of the objects do not show. */
  private static boolean isDone(SessionFixture session, History history, String uid) {
    return switch (history) {
      case RETAIN ->
          session
              .child(ResourceType.PERSISTENT_VOLUME_CLAIM)
              .orElseThrow()
              .metadata()
              .controller()
              .isEmpty();
      case NO_RETAIN ->
          session
              .child(ResourceType.PERSISTENT_VOLUME_CLAIM)
              .orElseThrow()
              .metadata()
              .isControlledBy(uid);
      case INGRESS_KIND_CHANGED -> session.child(ResourceType.INGRESS_ROUTE).isNotFound();
      case TURN_RENEWED ->
          session
              .child(ResourceType.SECRET)
              .orElseThrow()
              .metadata()
              .annotation(Annotations.TURN_EXPIRES)
              .filter(expires -> Instant.parse(expires).isAfter(Instant.now()))
              .isPresent();
      case START_GIVEN_UP -> !session.hasChild(ResourceType.POD);
      default -> true;
    };
  }

  private ChildProcess crashAfter(int write, SessionFixture session, History history) {
    return CrashAfterWriteController.start(
        CONTROLLER.kubeconfig(cluster), write, session.name(), settingsAfter(history), folder);
  }
}
