package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Intervals of use on a real API server; docs/specification.md, section 9. */
@ExtendWith(ClusterExtension.class)
class UsageIT {
  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  UsageIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
  }

  @Test
  void aSessionThatIsDeletedWhileNoControllerWorksHasOneIntervalWithAnEnd() {
    SessionFixture session = namespace.session("desk").ofUser("Alice@example.com");
    Instant ready;
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.create("template: kwok", "annotations: {" + Annotations.GROUPS + ": '[\"math\"]'}");
      session.awaitPhase(Phase.RUNNING);
      VdiUsage open = awaitOne(session, VdiUsage::isOpen);
      Pod pod = api.get(ResourceType.POD, namespace.name(), "desk").orElseThrow();
      ready = pod.readySince().orElseThrow();
      assertThat(open.name()).isEqualTo(pod.uid());
      assertThat(open.spec())
          .returns("Alice@example.com", VdiUsage.Spec::user)
          .returns(List.of("math"), VdiUsage.Spec::groups)
          .returns("kwok", VdiUsage.Spec::template)
          .returns(ready, VdiUsage.Spec::start);
    }
    session.delete();
    Instant deleted = session.get().metadata().deletionTimestamp();
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.awaitNotFound();
      VdiUsage usage = awaitOne(session, any -> !any.isOpen());
      assertThat(usage.spec().reason()).isEqualTo("Deleted");
      assertThat(usage.spec().start()).isEqualTo(ready);
      assertThat(usage.spec().end())
          .isBetween(deleted.minusSeconds(2), Instant.now().plusSeconds(2));
    }
  }

  @Test
  void eachRunIsAnInterval() {
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = namespace.session("runs").create("template: kwok");
      session.awaitPhase(Phase.RUNNING);
      awaitOne(session, VdiUsage::isOpen);
      session.suspend();
      session.awaitPhase(Phase.SUSPENDED);
      assertThat(awaitOne(session, any -> !any.isOpen()).spec().reason()).isEqualTo("Suspended");
      session.resume();
      session.awaitPhase(Phase.RUNNING);
      await().until(() -> usages(session).stream().filter(VdiUsage::isOpen).count() == 1);
      session.deletePodImmediately();
      await().until(() -> usages(session).size() == 3);
      assertThat(usages(session))
          .filteredOn(usage -> !usage.isOpen())
          .extracting(usage -> usage.spec().reason())
          .containsExactlyInAnyOrder("Suspended", "PodDeleted");
    }
  }

  /** Such as one that the former leader wrote before it could stop the pod. */
  @Test
  void anEndOfADesktopThatRunsIsRemoved() {
    SessionFixture session = namespace.session("wrong-end");
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.create("template: kwok");
      session.awaitPhase(Phase.RUNNING);
      awaitOne(session, VdiUsage::isOpen);
    }
    VdiUsage open = awaitOne(session, VdiUsage::isOpen);
    api.mergePatch(
            ResourceType.USAGE,
            OperatorService.NAMESPACE,
            open.name(),
            MergePatch.forObject(open.metadata())
                .merge(
                    JsonParser.parseString(
                            "{\"metadata\": {\"labels\": {\"vdi.kasm.io/usage\": \"2026-01\"}},"
                                + " \"spec\": {\"end\": \""
                                + open.spec().start().plusSeconds(1)
                                + "\", \"reason\": \"Suspended\"}}")
                        .getAsJsonObject())
                .toJson())
        .orElseThrow();
    // Longer than the difference of two clocks.
    await().until(() -> Instant.now().isAfter(open.spec().start().plusSeconds(4)));
    try (RunningService _ = CONTROLLER.start(cluster)) {
      assertThat(awaitOne(session, VdiUsage::isOpen).spec()).isEqualTo(open.spec());
    }
  }

  @Test
  void intervalsAreDeletedAfterTheirRetention() {
    SessionFixture session = namespace.session("old");
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.create("template: kwok");
      session.awaitPhase(Phase.RUNNING);
      awaitOne(session, VdiUsage::isOpen);
      session.suspend();
      awaitOne(session, any -> !any.isOpen());
    }
    Instant end = usages(session).getFirst().spec().end();
    await().until(() -> Instant.now().isAfter(end.plusSeconds(5)));
    RunningService forgetful = CONTROLLER.withConfigFile("usage: {retention: 1s}").start(cluster);
    try (forgetful) {
      await().atMost(Duration.ofSeconds(30)).until(() -> usages(session).isEmpty());
    }
  }

  private VdiUsage awaitOne(SessionFixture session, Predicate<VdiUsage> condition) {
    await()
        .atMost(SessionFixture.PATIENCE)
        .until(() -> usages(session).stream().anyMatch(condition));
    assertThat(usages(session)).hasSize(1);
    return usages(session).getFirst();
  }

  private List<VdiUsage> usages(SessionFixture session) {
    return api
        .list(ResourceType.USAGE, OperatorService.NAMESPACE, "")
        .orElseThrow()
        .items()
        .stream()
        .filter(usage -> usage.spec().session().namespace().equals(namespace.name()))
        .filter(usage -> session.path().endsWith("/" + usage.spec().session().name()))
        .toList();
  }

  @Test
  void theSchemaRefusesAnotherUserAndAnEndBeforeTheStart() {
    String usage =
        """
        {"apiVersion": "vdi.kasm.io/v1alpha1", "kind": "VDIUsage", "metadata": {"name": "schema"},
         "spec": {"session": {"namespace": "a", "name": "b", "uid": "c"}, "user": "a@example.com",
           "template": "t", "start": "2026-01-01T00:00:00Z"%s}}
        """;
    assertThat(create(usage.formatted(", \"end\": \"2025-01-01T00:00:00Z\", \"reason\": \"Lost\"")))
        .hasValueSatisfying(message -> assertThat(message).contains("before the start"));
    assertThat(create(usage.formatted(", \"end\": \"2027-01-01T00:00:00Z\"")))
        .hasValueSatisfying(message -> assertThat(message).contains("has a reason"));
    assertThat(create(usage.formatted(""))).isEmpty();
    assertThat(
            api.mergePatch(
                    ResourceType.USAGE,
                    OperatorService.NAMESPACE,
                    "schema",
                    MergePatch.unconditional().set("spec.user", "b@example.com").toJson())
                .failure())
        .isPresent();
  }

  private Optional<String> create(String usage) {
    return api.create(
            ResourceType.USAGE,
            OperatorService.NAMESPACE,
            JsonParser.parseString(usage).getAsJsonObject())
        .failure()
        .map(failure -> failure.message());
  }
}
