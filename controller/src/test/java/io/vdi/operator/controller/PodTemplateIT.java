package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
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
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Templates shape the pod of their sessions; docs/specification.md, section 1. */
@ExtendWith(ClusterExtension.class)
class PodTemplateIT {
  private static RunningService controller;

  private final KubeClient api;
  private final TestNamespace namespace;

  PodTemplateIT(KubeClient api, TestNamespace namespace) {
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void start(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
    JsonObject priority =
        Manifests.parse(
                "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: course}, value: 7}")
            .getFirst();
    api.request("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", priority);
    controller = CONTROLLER.start(cluster);
  }

  @AfterAll
  static void stop() {
    controller.close();
  }

  @Test
  @DisplayName("a template adds containers, volumes, labels and priority to the pod")
  void merged() {
    TestTemplates.applySimulated(
        api,
        "shaped",
        """
        env: [{name: LICENCE, valueFrom: {secretKeyRef: {name: licence, key: server, optional: true}}},
              {name: COURSE, valueFrom: {configMapKeyRef: {name: course, key: name, optional: true}}}],
        resources: {requests: {cpu: 500m, memory: 8Gi}},
        podTemplate: {
          metadata: {labels: {team: graphics}, annotations: {example.com/cost: a}},
          spec: {priorityClassName: course,
            volumes: [{name: course, configMap: {name: course, optional: true}}],
            initContainers: [{name: prepare, image: tool}],
            containers: [
              {name: sync, image: sync},
              {name: selkies, volumeMounts: [{name: course, mountPath: /course, readOnly: true}]}]}}
        """);
    SessionFixture session = namespace.session("shaped").create("template: shaped");
    session.awaitPhase(Phase.RUNNING);
    JsonObject pod = pod("shaped");
    JsonObject metadata = pod.getAsJsonObject("metadata");
    assertThat(metadata.getAsJsonObject("labels").get("team").getAsString()).isEqualTo("graphics");
    assertThat(metadata.getAsJsonObject("annotations").get("example.com/cost").getAsString())
        .isEqualTo("a");
    JsonObject spec = pod.getAsJsonObject("spec");
    assertThat(spec.get("priority").getAsInt()).isEqualTo(7);
    assertThat(names(spec, "initContainers")).containsExactly("prepare");
    assertThat(names(spec, "containers")).containsExactly("selkies", "sync");
    assertThat(names(spec, "volumes")).contains("home", "shm", "course");
    JsonObject desktop = spec.getAsJsonArray("containers").get(0).getAsJsonObject();
    assertThat(desktop.getAsJsonArray("volumeMounts").toString())
        .contains("/home/user", "/dev/shm", "/course");
    assertThat(desktop.getAsJsonArray("env").toString())
        .contains(
            "\"secretKeyRef\":{\"name\":\"licence\",\"key\":\"server\",\"optional\":true}",
            "\"configMapKeyRef\":{\"name\":\"course\",\"key\":\"name\",\"optional\":true}");
    JsonObject requests = desktop.getAsJsonObject("resources").getAsJsonObject("requests");
    assertThat(requests.get("cpu").getAsString()).isEqualTo("500m");
    assertThat(requests.get("memory").getAsString()).as("at most the limit").isEqualTo("4Gi");
  }

  @Test
  @DisplayName("a template that is older than the webhook cannot replace what the operator owns")
  void owned() {
    TestTemplates.applySimulated(
        api, "owned", "podTemplate: {spec: {volumes: [{name: home, emptyDir: {}}]}}");
    SessionFixture session = namespace.session("owned").create("template: owned");
    session.awaitPhase(Phase.FAILED);
    assertThat(session.get().status().message())
        .startsWith("spec.podTemplate.spec.volumes \"home\": is the operator's own volume");
    TestTemplates.applySimulated(api, "owned", "port: 8080");
    session.awaitPhase(Phase.RUNNING);
  }

  @Test
  @DisplayName("a template names the resource of its GPUs")
  void gpuResource() {
    TestTemplates.applySimulated(api, "mig", "gpu: {resourceName: nvidia.com/mig-1g.10gb}");
    namespace
        .session("mig")
        .create("template: mig, resources: {gpu: 3}")
        .awaitChild(ResourceType.POD);
    JsonObject desktop =
        pod("mig").getAsJsonObject("spec").getAsJsonArray("containers").get(0).getAsJsonObject();
    JsonObject limits = desktop.getAsJsonObject("resources").getAsJsonObject("limits");
    assertThat(limits.get("nvidia.com/mig-1g.10gb").getAsString()).isEqualTo("3");
    assertThat(limits.has("nvidia.com/gpu")).isFalse();
    assertThat(api.get(ResourceType.POD, namespace.name(), "mig").orElseThrow().gpus())
        .isEqualTo(3);
  }

  private JsonObject pod(String name) {
    return api.request("GET", ResourceType.POD.path(namespace.name(), name), null).orElseThrow();
  }

  private static List<String> names(JsonObject spec, String list) {
    return StreamSupport.stream(spec.getAsJsonArray(list).spliterator(), false)
        .map(JsonElement::getAsJsonObject)
        .map(item -> item.get("name").getAsString())
        .toList();
  }
}
