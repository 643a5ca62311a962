package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ChaosBudget;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.PollIntervals;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import io.vdi.operator.devcluster.testing.WatchProxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The caches of the controller are outdated: watch events are delayed, dropped or repeated, and
 * lists come from the past; after Sieve (OSDI '22). Meanwhile the controller deletes no home, and
 * afterwards each session has the objects of a session that was born with its spec;
 * docs/specification.md, section 0.
 */
@ExtendWith(ClusterExtension.class)
class StaleWatchIT {
  private static final Duration LONG = Duration.ofSeconds(90);

  /** Without a write for this long the controller has nothing left to do with what it knows. */
  private static final Duration QUIET = Duration.ofSeconds(1);

  /** Some changes of a status are written at most every 25 s; docs/specification.md, section 3. */
  private static final Duration STATUS_DELAY = Duration.ofSeconds(26);

  private static final int SAMPLE = 2;
  private static final ChaosBudget BUDGET = new ChaosBudget();
  private static final AtomicInteger RUN = new AtomicInteger();

  /** The objects of sessions that were born with the spec that a history ends with. */
  private static final Map<Outcome, Map<String, String>> EXPECTED = new EnumMap<>(Outcome.class);

  private static final String DELETE = "persistence: {size: 1Gi, reclaimPolicy: Delete}";
  private static final String RETAIN = "persistence: {size: 1Gi, reclaimPolicy: Retain}";

  /** The end of a history. */
  private enum Outcome {
    RUNNING,
    RUNNING_WITH_RETAIN,
    SUSPENDED,
    DELETED,
    DELETED_EXCEPT_HOME
  }

  /** What happens to a session. All except {@link #CREATE} begin with a session that runs. */
  private enum History {
    CREATE(DELETE, Outcome.RUNNING),
    SUSPEND(DELETE, Outcome.SUSPENDED),
    RESUME(DELETE, Outcome.RUNNING),
    DELETE_SESSION(DELETE, Outcome.DELETED),
    SET_RETAIN(DELETE, Outcome.RUNNING_WITH_RETAIN),
    SET_DELETE(RETAIN, Outcome.RUNNING),
    SET_RETAIN_AND_DELETE_SESSION(DELETE, Outcome.DELETED_EXCEPT_HOME),
    SET_RETAIN_IN_TEMPLATE_AND_DELETE_SESSION(
        "persistence: {size: 1Gi}", Outcome.DELETED_EXCEPT_HOME),
    END_POD(DELETE, Outcome.RUNNING),
    DELETE_POD(DELETE, Outcome.RUNNING),
    DELETE_SERVICE(DELETE, Outcome.RUNNING),
    DELETE_SECRET(DELETE, Outcome.RUNNING),
    /** Only where the controller has up-to-date caches during the history. */
    DELETE_AND_CREATE_AGAIN(DELETE, Outcome.RUNNING);

    private final String spec;
    private final Outcome outcome;

    History(String spec, Outcome outcome) {
      this.spec = spec;
      this.outcome = outcome;
    }

    boolean keepsHome() {
      return this != DELETE_SESSION && this != DELETE_AND_CREATE_AGAIN;
    }
  }

  private enum Perturbation {
    /** Events arrive after the controller has done what it can without them. */
    DELAYED,
    /** No events arrive; then the watch expires, and the controller lists again. */
    DROPPED,
    /** The first event of each object is lost; then the watch expires. */
    FIRST_DROPPED,
    /** After the history, the watch starts again from before it. */
    REPEATED,
    /** After the history, the controller lists the state from before it. */
    OLD_LIST,
    /** The same with a controller that starts. */
    RESTARTED_ON_OLD_LIST;

    boolean follows() {
      return this == REPEATED || this == OLD_LIST || this == RESTARTED_ON_OLD_LIST;
    }
  }

  private record Run(Perturbation perturbation, List<ResourceType<?>> types) {}

  /** A session and its history. */
  private record Subject(History history, SessionFixture session) {
    Optional<String> uid(ResourceType<?> type) {
      return session.child(type.metadataOnly()).ok().map(KubeObject::uid);
    }
  }

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  @TempDir Path folder;

  StaleWatchIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api, TestNamespace namespace) {
    TestController.installWithTemplates(cluster, api);
    bearReferences(cluster, namespace);
  }

  private static List<Run> runs() {
    List<Run> runs = new ArrayList<>();
    for (Perturbation perturbation : Perturbation.values()) {
      watched().forEach(type -> runs.add(new Run(perturbation, List.of(type))));
      runs.add(new Run(perturbation, watched()));
    }
    return BUDGET.sample(runs, SAMPLE);
  }

  private static List<ResourceType<?>> watched() {
    List<ResourceType<?>> types = new ArrayList<>();
    types.add(ResourceType.SESSION);
    types.add(ResourceType.TEMPLATE);
    types.addAll(SessionFixture.childTypes());
    return List.copyOf(types);
  }

  @ParameterizedTest
  @MethodSource("runs")
  void everyHistoryConvergesWithOutdatedCaches(Run run) {
    Set<History> histories = EnumSet.allOf(History.class);
    if (!run.perturbation().follows()) {
      histories.remove(History.DELETE_AND_CREATE_AGAIN);
    }
    List<Subject> subjects = subjects(histories, "run" + RUN.incrementAndGet());
    try (WatchProxy proxy = new WatchProxy(CONTROLLER.kubeconfig(cluster))) {
      Map<Subject, String> homes;
      long start = version();
      WatchProxy.Snapshot before;
      long mark;
      try (RunningService _ = CONTROLLER.start(proxy.kubeconfig())) {
        prepare(subjects);
        homes = homes(subjects);
        before = proxy.snapshot();
        mark = version();
        switch (run.perturbation()) {
          case DELAYED -> run.types().forEach(proxy::hold);
          case DROPPED -> run.types().forEach(proxy::drop);
          case FIRST_DROPPED -> run.types().forEach(proxy::dropFirst);
          case REPEATED, OLD_LIST, RESTARTED_ON_OLD_LIST -> {}
        }
        subjects.forEach(this::apply);
        if (run.perturbation().follows()) {
          awaitConverged(run.toString(), subjects);
        }
        if (run.perturbation() == Perturbation.REPEATED) {
          run.types().forEach(type -> proxy.holdAfter(type, mark));
          reopen(proxy, run.types(), type -> proxy.rewind(type, start));
        }
        if (run.perturbation() == Perturbation.OLD_LIST) {
          run.types().forEach(type -> proxy.holdAfter(type, mark));
          run.types().forEach(type -> proxy.listFrom(before, type));
          reopen(proxy, run.types(), proxy::expire);
        }
        if (run.perturbation() != Perturbation.RESTARTED_ON_OLD_LIST) {
          awaitQuiet(proxy);
          proxy.release();
          if (!run.perturbation().follows()) {
            run.types().forEach(proxy::expire);
          }
          awaitConverged(run.toString(), subjects);
        }
      }
      if (run.perturbation() == Perturbation.RESTARTED_ON_OLD_LIST) {
        Map<Subject, String> pods = pods(subjects);
        run.types().forEach(proxy::hold);
        run.types().forEach(type -> proxy.listFrom(before, type));
        try (RunningService restarted = CONTROLLER.start(proxy.kubeconfig())) {
          restarted.awaitReady();
          awaitQuiet(proxy);
          proxy.release();
          awaitConverged(run.toString(), subjects);
          assertThat(pods(subjects)).as("pods; %s", run).isEqualTo(pods);
        }
      }
      assertSafe(run.toString(), proxy);
      assertThat(homes(subjects)).as("homes; %s; %s", run, BUDGET).containsAllEntriesOf(homes);
      remove(subjects);
    }
  }

  private interface Reopening {
    void close(ResourceType<?> type);
  }

  /** Ends the watches, and waits until the controller has started others. */
  private static void reopen(WatchProxy proxy, List<ResourceType<?>> types, Reopening reopening) {
    Map<ResourceType<?>, Integer> before = new HashMap<>();
    types.forEach(type -> before.put(type, proxy.watches(type)));
    types.forEach(reopening::close);
    await("other watches")
        .atMost(LONG)
        .until(() -> types.stream().allMatch(type -> proxy.watches(type) > before.get(type)));
  }

  @Test
  @DisplayName("A new leader whose watches lag reads the state, and changes nothing that is right")
  void leaderChangesToReplicaThatLags() {
    ServiceUnderTest electing =
        CONTROLLER.withSettings(
            Map.of(
                "vdiConfig_LEADER_ELECTION_LEASE_NAME", "lagging",
                "vdiConfig_LEADER_ELECTION_LEASE_DURATION", "4s",
                "vdiConfig_LEADER_ELECTION_RENEW_DEADLINE", "3s",
                "vdiConfig_LEADER_ELECTION_RETRY_PERIOD", "1s"));
    List<Subject> subjects = subjects(EnumSet.allOf(History.class), "lead");
    try (WatchProxy current = new WatchProxy(CONTROLLER.kubeconfig(cluster));
        WatchProxy lagging = new WatchProxy(CONTROLLER.kubeconfig(cluster));
        RunningService.InProcess leader =
            electing.startProcess(current.kubeconfig(), folder, "leader")) {
      await("the first process to lead").atMost(LONG).until(leader::isLeader);
      try (RunningService.InProcess follower =
          electing.startProcess(lagging.kubeconfig(), folder, "follower")) {
        follower.awaitReady();
        prepare(subjects);
        Map<Subject, String> homes = homes(subjects);
        lagging.hold();
        subjects.forEach(this::apply);
        awaitConverged("the first leader", subjects);
        // Otherwise the new leader writes what the former one has delayed.
        awaitQuiet(current, STATUS_DELAY);
        Map<Subject, String> pods = pods(subjects);

        lagging.refuseLists(true);
        leader.kill();
        await("the follower to lead").atMost(LONG).until(follower::isLeader);
        await("its attempt to read the state")
            .atMost(LONG)
            .until(() -> Files.readString(follower.process().log()).contains("before taking over"));
        assertThat(lagging.writes()).as("writes before the state was read").isEmpty();
        lagging.refuseLists(false);
        await("the new leader to reconcile")
            .atMost(LONG)
            .until(() -> follower.metric("vdi_reconcile_seconds_count"), count -> count > 0);
        awaitQuiet(lagging);
        assertThat(lagging.writes())
            .as("writes on outdated caches")
            .filteredOn(WatchProxy.Write::isAccepted)
            // The number of sessions, which the former leader had not written yet.
            .filteredOn(write -> !write.concerns(ResourceType.TEMPLATE))
            .isEmpty();

        lagging.release();
        awaitConverged("the new leader", subjects);
        assertThat(pods(subjects)).isEqualTo(pods);
        assertThat(homes(subjects)).containsAllEntriesOf(homes);
        assertSafe("the new leader", lagging);
        remove(subjects);
      }
    }
  }

  private static void bearReferences(Cluster cluster, TestNamespace namespace) {
    Map<Outcome, String> specs =
        Map.of(
            Outcome.RUNNING, DELETE,
            Outcome.RUNNING_WITH_RETAIN, RETAIN,
            Outcome.SUSPENDED, DELETE + ", suspended: true");
    try (RunningService _ = CONTROLLER.start(cluster)) {
      Map<Outcome, SessionFixture> born = new EnumMap<>(Outcome.class);
      specs.forEach((outcome, spec) ->
          born.put(
              outcome,
              namespace
                  .session("born-" + outcome.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                  .create("template: kwok, " + spec)));
      born.forEach((outcome, session) -> {
        session.awaitPhase(outcome == Outcome.SUSPENDED ? Phase.SUSPENDED : Phase.RUNNING);
        EXPECTED.put(outcome, ChildrenSnapshot.of(session));
      });
      born.values().forEach(SessionFixture::delete);
      born.values().forEach(SessionFixture::awaitNotFound);
    }
  }

  private List<Subject> subjects(Set<History> histories, String run) {
    return histories.stream()
        .map(history ->
            new Subject(
                history,
                namespace.session(
                    run + "-" + history.name().toLowerCase(Locale.ROOT).replace('_', '-'))))
        .toList();
  }

  private static String template(Subject subject) {
    return subject.history() == History.SET_RETAIN_IN_TEMPLATE_AND_DELETE_SESSION
        ? subject.session().name()
        : TestTemplates.SIMULATED;
  }

  private void create(Subject subject) {
    subject.session().create("template: " + template(subject) + ", " + subject.history().spec);
  }

  private void applyTemplate(Subject subject, String reclaimPolicy) {
    TestTemplates.apply(
        api,
        template(subject),
        "persistence: {storageClassName: kwok-volume, reclaimPolicy: %s}, nodeSelector: {vdi.devcluster/simulated: 'true'}"
            .formatted(reclaimPolicy));
  }

  /** Creates the sessions whose history begins with one that runs. */
  private void prepare(List<Subject> subjects) {
    List<Subject> existing =
        subjects.stream().filter(subject -> subject.history() != History.CREATE).toList();
    for (Subject subject : existing) {
      if (!template(subject).equals(TestTemplates.SIMULATED)) {
        applyTemplate(subject, "Delete");
      }
      create(subject);
    }
    existing.forEach(subject -> {
      subject.session().awaitPhase(Phase.RUNNING);
      awaitHome(subject.session());
      if (subject.history() == History.RESUME) {
        subject.session().suspend();
      }
    });
    existing.stream()
        .filter(subject -> subject.history() == History.RESUME)
        .forEach(subject -> subject.session().awaitPhase(Phase.SUSPENDED));
  }

  /** Faster than condition StorageReady, which is written at most every 25 s. */
  private static void awaitHome(SessionFixture session) {
    await(session.name() + ": the home to be bound")
        .atMost(LONG)
        .until(() ->
            session
                .child(ResourceType.PERSISTENT_VOLUME_CLAIM)
                .ok()
                .filter(PersistentVolumeClaim::isBound)
                .isPresent());
  }

  private void apply(Subject subject) {
    SessionFixture session = subject.session();
    switch (subject.history()) {
      case CREATE -> create(subject);
      case SUSPEND -> session.suspend();
      case RESUME -> session.resume();
      case DELETE_SESSION -> session.delete();
      case SET_RETAIN -> session.patchSpec(RETAIN);
      case SET_DELETE -> session.patchSpec(DELETE);
      case SET_RETAIN_AND_DELETE_SESSION -> {
        session.patchSpec(RETAIN);
        session.delete();
      }
      case SET_RETAIN_IN_TEMPLATE_AND_DELETE_SESSION -> {
        applyTemplate(subject, "Retain");
        session.delete();
      }
      case END_POD ->
          session.setPodStatus(
              "{\"phase\": \"Failed\", \"reason\": \"Evicted\", \"message\": \"\"}");
      case DELETE_POD -> session.deletePodImmediately();
      case DELETE_SERVICE -> delete(session, ResourceType.SERVICE);
      case DELETE_SECRET -> delete(session, ResourceType.SECRET);
      case DELETE_AND_CREATE_AGAIN -> {
        session.deleteAndAwaitNotFound();
        create(subject);
      }
    }
  }

  private void delete(SessionFixture session, ResourceType<?> type) {
    api.request("DELETE", session.childPath(type), null).orElseThrow();
  }

  private void awaitConverged(String what, List<Subject> subjects) {
    for (Subject subject : subjects) {
      await("%s: %s; %s".formatted(what, subject.history(), BUDGET))
          .atMost(LONG)
          .pollInterval(PollIntervals.OF_REQUESTS)
          .untilAsserted(() -> assertConverged(subject));
    }
  }

  private void assertConverged(Subject subject) {
    SessionFixture session = subject.session();
    Outcome outcome = subject.history().outcome;
    switch (outcome) {
      case RUNNING, RUNNING_WITH_RETAIN -> {
        assertThat(observedPhase(session)).contains(Phase.RUNNING);
        // While the controller replaces it, there is none.
        assertThat(session.child(ResourceType.POD).ok())
            .as("the pod")
            .get()
            .matches(Pod::isReady, "is ready")
            .matches(p -> !p.isFinished(), "runs");
        assertThat(ChildrenSnapshot.of(session)).isEqualTo(EXPECTED.get(outcome));
      }
      case SUSPENDED -> {
        assertThat(observedPhase(session)).contains(Phase.SUSPENDED);
        session.expectChildNotFound(ResourceType.POD);
        assertThat(ChildrenSnapshot.of(session)).isEqualTo(EXPECTED.get(outcome));
      }
      case DELETED, DELETED_EXCEPT_HOME -> {
        assertThat(session.exists()).as("the session exists").isFalse();
        SessionFixture.childTypes().stream()
            .filter(type -> !type.equals(ResourceType.PERSISTENT_VOLUME_CLAIM))
            .forEach(session::expectChildNotFound);
        if (outcome == Outcome.DELETED) {
          session.expectChildNotFound(ResourceType.PERSISTENT_VOLUME_CLAIM);
        } else {
          session.expectChild(ResourceType.PERSISTENT_VOLUME_CLAIM);
          assertThat(
                  session
                      .child(ResourceType.PERSISTENT_VOLUME_CLAIM)
                      .orElseThrow()
                      .metadata()
                      .controller())
              .as("the owner of the home")
              .isEmpty();
        }
      }
    }
  }

  /** The phase of a status that describes the current spec. */
  private static Optional<Phase> observedPhase(SessionFixture session) {
    VdiSession now = session.get();
    return now.status()
        .currentPhase()
        .filter(phase -> now.status().observedGeneration() == now.metadata().generation());
  }

  /** The UIDs of the homes that must stay. */
  private static Map<Subject, String> homes(List<Subject> subjects) {
    return uids(
        subjects.stream().filter(subject -> subject.history().keepsHome()).toList(),
        ResourceType.PERSISTENT_VOLUME_CLAIM);
  }

  private static Map<Subject, String> pods(List<Subject> subjects) {
    return uids(subjects, ResourceType.POD);
  }

  private static Map<Subject, String> uids(List<Subject> subjects, ResourceType<?> type) {
    Map<Subject, String> uids = new HashMap<>();
    subjects.forEach(subject -> subject.uid(type).ifPresent(uid -> uids.put(subject, uid)));
    return uids;
  }

  private static void awaitQuiet(WatchProxy proxy) {
    awaitQuiet(proxy, QUIET);
  }

  private static void awaitQuiet(WatchProxy proxy, Duration quiet) {
    AtomicLong last = new AtomicLong(-1);
    await("the controller to have nothing to do")
        .during(quiet)
        .atMost(LONG)
        .until(() -> {
          long now = proxy.writes().stream().filter(WatchProxy.Write::isAccepted).count();
          return last.getAndSet(now) == now;
        });
  }

  /** The controller deletes no home, and no object that it does not know. */
  private static void assertSafe(String what, WatchProxy proxy) {
    List<WatchProxy.Write> deletions =
        proxy.writes().stream().filter(write -> write.method().equals("DELETE")).toList();
    assertThat(deletions)
        .as(what)
        .noneMatch(write -> write.concerns(ResourceType.PERSISTENT_VOLUME_CLAIM))
        .allMatch(StaleWatchIT::hasUidAsPrecondition, "has the UID as a precondition");
  }

  private static boolean hasUidAsPrecondition(WatchProxy.Write deletion) {
    return JsonParser.parseString(deletion.body())
        .getAsJsonObject()
        .getAsJsonObject("preconditions")
        .has("uid");
  }

  private long version() {
    return Long.parseLong(
        api.list(ResourceType.SESSION, namespace.name(), "")
            .orElseThrow()
            .metadata()
            .getResourceVersion());
  }

  /** Frees the simulated GPUs, which are not enough for all runs. */
  private static void remove(List<Subject> subjects) {
    List<SessionFixture> sessions =
        subjects.stream().map(Subject::session).filter(SessionFixture::exists).toList();
    sessions.forEach(SessionFixture::delete);
  }
}
