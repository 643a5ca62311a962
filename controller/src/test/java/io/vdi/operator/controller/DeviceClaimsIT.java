package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
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

/**
 * Sessions whose template names a DeviceClass; docs/specification.md, section 2. The API server,
 * the scheduler and the controller of claims are real; the node and its two devices are simulated.
 */
@ExtendWith(ClusterExtension.class)
class DeviceClaimsIT {
  private static final String DRIVER = "dra.vdi.test";
  private static final String RESOURCES = "/apis/resource.k8s.io/v1/";
  private static final ResourceType<?> CLAIM_TEMPLATE = ResourceType.RESOURCE_CLAIM_TEMPLATE;

  private static RunningService controller;

  private final KubeClient api;
  private final TestNamespace namespace;

  DeviceClaimsIT(KubeClient api, TestNamespace namespace) {
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void start(Cluster cluster, KubeClient api) {
    assumeTrue(
        api.serves(CLAIM_TEMPLATE).orElseThrow(), "the cluster has no dynamic resource allocation");
    TestController.installWithTemplates(cluster, api);
    String node =
        api
            .list(ResourceType.NODE, "", "vdi.devcluster/simulated=true")
            .orElseThrow()
            .items()
            .stream()
            .map(Node::name)
            .findFirst()
            .orElseThrow();
    Manifests.apply(
        api,
        """
        apiVersion: resource.k8s.io/v1
        kind: DeviceClass
        metadata: {name: %1$s}
        spec: {selectors: [{cel: {expression: "device.driver == '%1$s'"}}]}
        ---
        apiVersion: resource.k8s.io/v1
        kind: ResourceSlice
        metadata: {name: %1$s}
        spec:
          driver: %1$s
          nodeName: %2$s
          pool: {name: %2$s, generation: 1, resourceSliceCount: 1}
          devices:
            - {name: gpu-a, attributes: {model: {string: A}}}
            - {name: gpu-b, attributes: {model: {string: B}}}
        """
            .formatted(DRIVER, node));
    controller = CONTROLLER.start(cluster);
  }

  @AfterAll
  static void stop() {
    if (controller != null) {
      controller.close();
    }
  }

  @Test
  @DisplayName("a suspended session gives its device to one that waits")
  void suspendReleasesTheDevice() {
    template("dra", "");
    SessionFixture first = running("first", "dra");
    SessionFixture second = running("second", "dra");
    assertThat(List.of(device(first), device(second))).containsExactlyInAnyOrder("gpu-a", "gpu-b");
    assertThat(api.get(ResourceType.POD, namespace.name(), "first").orElseThrow().gpus())
        .isEqualTo(1);
    SessionFixture third = namespace.session("third").create("template: dra");
    VdiSession waiting = third.awaitMessage("cannot allocate all claims");
    assertThat(waiting.status().message()).endsWith("[VDI201]");
    assertThat(waiting.status().phase()).isEqualTo(Phase.PENDING);
    String released = device(first);
    first.suspend();
    first.awaitPhase(Phase.SUSPENDED);
    third.awaitPhase(Phase.RUNNING);
    assertThat(device(third)).isEqualTo(released);
    assertThat(claims("first")).as("claims of a suspended session").isEmpty();
    assertThat(first.hasChild(CLAIM_TEMPLATE)).isTrue();
    third.deleteAndAwaitNotFound();
    third.awaitChildNotFound(CLAIM_TEMPLATE);
    first.resume();
    first.awaitPhase(Phase.RUNNING);
    delete(first, second);
  }

  @Test
  @DisplayName(
      "selectors choose the device, the driver gets its configuration, and a change of the"
          + " template takes effect at the next resume")
  void selectors() {
    template(
        "selected", selector("B") + ", deviceConfig: {driver: dra.vdi.test, parameters: {a: b}}");
    SessionFixture session = running("selected", "selected");
    assertThat(device(session)).isEqualTo("gpu-b");
    JsonObject devices =
        claims("selected")
            .getFirst()
            .getAsJsonObject("status")
            .getAsJsonObject("allocation")
            .getAsJsonObject("devices");
    JsonObject config = devices.getAsJsonArray("config").get(0).getAsJsonObject();
    assertThat(
            config.getAsJsonObject("opaque").getAsJsonObject("parameters").get("a").getAsString())
        .isEqualTo("b");
    String before = session.awaitChild(ResourceType.RESOURCE_CLAIM_TEMPLATE).uid();
    template("selected", selector("A"));
    session.awaitMessage("the change takes effect at the next resume");
    await("another ResourceClaimTemplate")
        .until(() ->
            session
                .child(ResourceType.RESOURCE_CLAIM_TEMPLATE)
                .ok()
                .filter(now -> !now.uid().equals(before))
                .isPresent());
    assertThat(device(session)).isEqualTo("gpu-b");
    session.suspend();
    session.awaitPhase(Phase.SUSPENDED);
    session.resume();
    session.awaitPhase(Phase.RUNNING);
    assertThat(device(session)).isEqualTo("gpu-a");
    delete(session);
  }

  @Test
  @DisplayName("a session that waits for devices continues when its template is corrected")
  void correctedTemplate() {
    template("corrected", selector("C"));
    SessionFixture session = namespace.session("corrected").create("template: corrected");
    session.awaitMessage("cannot allocate all claims");
    template("corrected", selector("A"));
    session.awaitPhase(Phase.RUNNING);
    assertThat(device(session)).isEqualTo("gpu-a");
    delete(session);
  }

  @Test
  @DisplayName("a selector that is no CEL expression fails the session with the reason")
  void invalidSelector() {
    template("invalid", "selectors: ['device.']");
    SessionFixture session = namespace.session("invalid").create("template: invalid");
    session.awaitPhase(Phase.FAILED);
    assertThat(session.get().status().message()).contains("selectors[0].cel.expression");
    assertThat(session.hasChild(ResourceType.POD)).isFalse();
    template("invalid", selector("A"));
    session.awaitPhase(Phase.RUNNING);
    delete(session);
  }

  @Test
  @DisplayName("a missing DeviceClass is named, with its remedy")
  void missingClass() {
    TestTemplates.applySimulated(api, "classless", "gpu: {deviceClassName: nowhere.vdi.test}");
    SessionFixture session = namespace.session("classless").create("template: classless");
    VdiSession waiting = session.awaitMessage("nowhere.vdi.test does not exist");
    assertThat(waiting.status().message()).endsWith("[VDI214]");
    delete(session);
  }

  @Test
  @DisplayName(
      "a ResourceClaimTemplate that lost its owner is adopted; a foreign one fails the session")
  void ownership() {
    template("owned", "");
    SessionFixture session = running("owned", "owned");
    api.mergePatch(
            ResourceType.RESOURCE_CLAIM_TEMPLATE,
            namespace.name(),
            "vdi-gpu-owned",
            JsonParser.parseString("{\"metadata\": {\"ownerReferences\": null}}").getAsJsonObject())
        .orElseThrow();
    await("the owner")
        .until(() ->
            session
                .child(ResourceType.RESOURCE_CLAIM_TEMPLATE)
                .orElseThrow()
                .metadata()
                .isControlledBy(session.get().uid()));
    delete(session);
    SessionFixture other = namespace.session("other");
    other.createForeignChild(CLAIM_TEMPLATE);
    other.create("template: owned");
    other.awaitPhase(Phase.FAILED);
    assertThat(other.get().status().message())
        .startsWith("ResourceClaimTemplate vdi-gpu-other exists and is not owned by this session");
    other.delete();
  }

  private void template(String name, String more) {
    TestTemplates.applySimulated(
        api, name, "gpu: {deviceClassName: " + DRIVER + (more.isEmpty() ? "" : ", " + more) + "}");
  }

  private static String selector(String model) {
    return "selectors: [\"device.attributes['%s'].model == '%s'\"]".formatted(DRIVER, model);
  }

  private SessionFixture running(String name, String template) {
    SessionFixture session = namespace.session(name).create("template: " + template);
    session.awaitPhase(Phase.RUNNING);
    return session;
  }

  /** The devices must be free for the next test. */
  private void delete(SessionFixture... sessions) {
    for (SessionFixture session : sessions) {
      session.deleteAndAwaitNotFound();
      await("no claim").until(() -> claims(session.name()).isEmpty());
    }
  }

  private String device(SessionFixture session) {
    JsonObject result =
        claims(session.name())
            .getFirst()
            .getAsJsonObject("status")
            .getAsJsonObject("allocation")
            .getAsJsonObject("devices")
            .getAsJsonArray("results")
            .get(0)
            .getAsJsonObject();
    assertThat(result.get("driver").getAsString()).isEqualTo(DRIVER);
    return result.get("device").getAsString();
  }

  private List<JsonObject> claims(String session) {
    String path =
        RESOURCES
            + "namespaces/"
            + namespace.name()
            + "/resourceclaims?labelSelector="
            + Labels.INSTANCE
            + "="
            + session;
    return StreamSupport.stream(
            api.request("GET", path, null).orElseThrow().getAsJsonArray("items").spliterator(),
            false)
        .map(JsonElement::getAsJsonObject)
        .toList();
  }
}
