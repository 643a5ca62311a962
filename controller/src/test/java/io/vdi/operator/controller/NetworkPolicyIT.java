package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static io.vdi.operator.devcluster.testing.SessionFixture.creationTime;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The NetworkPolicies of desktops on the real API server; docs/specification.md, section 2. */
@ExtendWith(ClusterExtension.class)
class NetworkPolicyIT {
  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  NetworkPolicyIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
  }

  @Test
  void theSessionsOfATemplateShareAPolicyThatIsDeletedWithTheLastOfThem() {
    TestTemplates.applySimulated(api, "shared", "port: 8123");
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture first = namespace.session("first").create("template: shared");
      SessionFixture second = namespace.session("second").create("template: shared");
      first.awaitPhase(Phase.RUNNING);
      second.awaitPhase(Phase.RUNNING);
      JsonObject policy = policy("vdi-shared").orElseThrow();
      assertThat(policy.toString()).contains("8123");
      assertThat(creationTime(policy))
          .isBeforeOrEqualTo(creationTime(first.childJson(ResourceType.POD)))
          .isBeforeOrEqualTo(creationTime(second.childJson(ResourceType.POD)));
      assertThat(first.childJson(ResourceType.POD).getAsJsonObject("metadata").toString())
          .contains("\"vdi.kasm.io/template\":\"shared\"");
      first.deleteAndAwaitNotFound();
      assertThat(policy("vdi-shared").ok()).isPresent();
      second.deleteAndAwaitNotFound();
      awaitPolicy("to be deleted", "vdi-shared", ApiResult::isNotFound);
    }
  }

  @Test
  void aPolicyFollowsItsTemplateAndComesBack() {
    TestTemplates.applySimulated(api, "follows", "port: 8123");
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = namespace.session("follows").create("template: follows");
      session.awaitPhase(Phase.RUNNING);
      TestTemplates.applySimulated(
          api,
          "follows",
          "port: 8124, network: {egress: [{to: [{ipBlock: {cidr: 10.9.9.9/32}}]}]}");
      awaitPolicy(
          "to follow the template",
          "vdi-follows",
          found ->
              found.orElseThrow().toString().contains("8124")
                  && found.orElseThrow().toString().contains("10.9.9.9/32"));
      api.request("DELETE", path("vdi-follows"), null).orElseThrow();
      awaitPolicy("to be created again", "vdi-follows", found -> found.ok().isPresent());
    }
  }

  /** The API server refuses the policy, not the schema of the template. */
  @Test
  void noDesktopStartsWithoutItsPolicy() {
    TestTemplates.applySimulated(
        api, "refused", "network: {egress: [{to: [{ipBlock: {cidr: nonsense}}]}]}");
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = namespace.session("refused").create("template: refused");
      session.awaitUntil("the refusal", s -> s.status().message().contains("nonsense"));
      assertThat(session.child(ResourceType.POD).isNotFound()).isTrue();
      TestTemplates.applySimulated(api, "refused", "port: 8080");
      session.awaitPhase(Phase.RUNNING);
      TestTemplates.applySimulated(
          api, "refused", "network: {egress: [{to: [{ipBlock: {cidr: nonsense}}]}]}");
      session.awaitUntil("the message", s -> s.status().message().contains("nonsense"));
      assertThat(session.get().status().phase()).isEqualTo(Phase.RUNNING);
    }
  }

  @Test
  void aForeignPolicyIsNotChangedAndKeepsTheDesktopFromStarting() {
    TestTemplates.applySimulated(api, "foreign-policy", "port: 8123");
    Manifests.apply(
        api,
        """
        {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,
         metadata: {name: vdi-foreign-policy, namespace: %s}, spec: {podSelector: {}}}
        """
            .formatted(namespace));
    String before = policy("vdi-foreign-policy").orElseThrow().get("spec").toString();
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = namespace.session("foreign").create("template: foreign-policy");
      session.awaitUntil(
          "the refusal",
          s ->
              s.status().currentPhase().filter(Phase.FAILED::equals).isPresent()
                  && s.status()
                      .message()
                      .startsWith(
                          "NetworkPolicy vdi-foreign-policy exists and is not owned by this"
                              + " session"));
      assertThat(session.child(ResourceType.POD).isNotFound()).isTrue();
      assertThat(policy("vdi-foreign-policy").orElseThrow().get("spec")).hasToString(before);
      api.request("DELETE", path("vdi-foreign-policy"), null).orElseThrow();
      session.awaitPhase(Phase.RUNNING);
    }
  }

  private void awaitPolicy(String what, String name, Predicate<ApiResult<JsonObject>> state) {
    await(name + " " + what)
        .atMost(SessionFixture.PATIENCE)
        .ignoreExceptions()
        .until(() -> policy(name), state);
  }

  private ApiResult<JsonObject> policy(String name) {
    return api.request("GET", path(name), null);
  }

  private String path(String name) {
    return ResourceType.NETWORK_POLICY.path(namespace.name(), name);
  }
}
