package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The webhook as users see it: through the API server, over TLS, with its own CA. */
@ExtendWith(ClusterExtension.class)
class AdmissionIT {
  private static WebhookFleet fleet;

  @TempDir private Path folder;

  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;

  AdmissionIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void start(Cluster cluster) {
    fleet =
        new WebhookFleet(
            cluster,
            1,
            """
            quota: {user: {gpus: 2}}
            templates: {allowedRegistries: [desktops]}
            """,
            Map.of("vdiConfig_ADMISSION_IDLE_TIMEOUT", "8s"));
    KubeClient api = cluster.connect();
    Manifests.apply(
        api,
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: plain}
        spec: {image: desktops/ubuntu}
        ---
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: strict}
        spec:
          image: desktops/ubuntu
          resources: {defaultGPU: 1, defaultMemory: 8Gi, defaultCPU: "4", maxGPU: 2, maxMemory: 16Gi}
          timeout: 1h
          maxTimeout: 4h
          idleTimeout: 30m
          persistence: {size: 20Gi}
          allowedUsers: [alice@example.com, bob@example.com]
        """);
    api.close();
  }

  @AfterAll
  static void stop() {
    fleet.close();
  }

  @Test
  void defaultsOfTheTemplateAreAddedOnce() {
    VdiSession session =
        submit("open", "{user: alice@example.com, template: strict}").orElseThrow();
    assertThat(session.spec().resources().gpu()).isEqualTo(1);
    assertThat(session.spec().resources().memory()).isEqualTo("8Gi");
    assertThat(session.spec().resources().cpu()).isEqualTo("4");
    assertThat(session.spec().persistence().size()).isEqualTo("20Gi");
    assertThat(session.spec().timeout()).isEqualTo("1h");
    assertThat(session.spec().idleTimeout()).as("follows the template").isNull();
    assertThat(session.spec().persistence().reclaimPolicy()).as("follows the template").isNull();
    assertThat(session.metadata().annotations())
        .containsKeys(Annotations.CREATED_BY, Annotations.RESERVATION);

    patch("open", "{\"spec\": {\"resources\": null, \"timeout\": null}}").orElseThrow();
    VdiSession again = api.get(ResourceType.SESSION, namespace, "open").orElseThrow();
    assertThat(again.spec()).isEqualTo(session.spec());
    assertThat(again.metadata().annotations()).isEqualTo(session.metadata().annotations());
  }

  @Test
  void theCreatorCannotBeChanged() {
    VdiSession session = submit("made", "{user: carol@example.com, template: plain}").orElseThrow();
    VdiSession changed =
        patch(
                "made",
                "{\"metadata\": {\"annotations\": {\"%s\": \"mallory\", \"%s\": \"forged\"}}}"
                    .formatted(Annotations.CREATED_BY, Annotations.RESERVATION))
            .orElseThrow();
    assertThat(changed.metadata().annotations()).isEqualTo(session.metadata().annotations());
  }

  @Test
  void allViolationsAreInOneMessage() {
    ApiResult<VdiSession> result =
        submit(
            "too-much",
            "{user: mallory@example.com, template: strict, timeout: 5h, resources: {gpu: 3, memory:"
                + " 32Gi}}");
    String message = result.failure().orElseThrow().message();
    assertThat(message)
        .contains("4 problems:")
        .contains("spec.resources.gpu 3: is more than template strict allows, which is 2")
        .contains("spec.resources.memory 32Gi")
        .contains("spec.timeout 5h")
        .contains("spec.template \"strict\": is not for mallory");
  }

  @Test
  void aSessionOfAMissingTemplateWaitsAndGetsItsDefaultsLater() {
    VdiSession waiting = submit("early", "{user: kim@example.com, template: later}").orElseThrow();
    assertThat(waiting.spec().timeout()).isNull();
    template(api, "later", ", timeout: 2h").orElseThrow();
    VdiSession changed =
        patch("early", "{\"metadata\": {\"labels\": {\"a\": \"b\"}}}").orElseThrow();
    assertThat(changed.spec().timeout()).isEqualTo("2h");
  }

  /** kubectl apply removes the field; the default of the template applies again. */
  @Test
  void aFieldThatAUserRemovesReturnsToTheDefault() {
    submit(
            "removed",
            "{user: alice@example.com, template: strict, timeout: 3h, idleTimeout: 5m,"
                + " resources: {memory: 1Gi}, persistence: {size: 30Gi, reclaimPolicy: Retain,"
                + " storageClassName: slow}, suspended: true}")
        .orElseThrow();
    VdiSession changed =
        patch(
                "removed",
                "{\"spec\": {\"timeout\": null, \"idleTimeout\": null, \"resources\": null,"
                    + " \"persistence\": null}}")
            .orElseThrow();
    assertThat(changed.spec().timeout()).isEqualTo("1h");
    assertThat(changed.spec().idleTimeout()).isNull();
    assertThat(changed.spec().resources().memory()).isEqualTo("8Gi");
    assertThat(changed.spec().persistence())
        .isEqualTo(new VdiSession.Persistence(null, "20Gi", "slow", null));
  }

  @Test
  void theQuotaIsExactAlsoForRaisesAndResumes() {
    submit("first", "{user: dave@example.com, template: plain}").orElseThrow();
    submit("second", "{user: Dave@example.com, template: plain, suspended: true}").orElseThrow();
    submit("third", "{user: dave@example.com, template: plain}").orElseThrow();
    String message = "GPU quota exceeded for user dave@example.com: used 2, requested 1, limit 2";
    assertRefused(submit("fourth", "{user: dave@example.com, template: plain}"), message);
    assertRefused(patch("second", "{\"spec\": {\"suspended\": false}}"), message);
    assertRefused(patch("first", "{\"spec\": {\"resources\": {\"gpu\": 2}}}"), message);
    api.delete(
            ResourceType.SESSION,
            namespace,
            "third",
            api.get(ResourceType.SESSION, namespace, "third").orElseThrow().uid())
        .orElseThrow();
    patch("second", "{\"spec\": {\"suspended\": false}}").orElseThrow();
    assertRefused(submit("fourth", "{user: dave@example.com, template: plain}"), message);
  }

  /** A size that the storage did not provide can be taken back; the volume itself cannot shrink. */
  @Test
  void aSizeGoesBackToTheCapacityOfTheClaim() {
    submit("sized", "{user: judy@example.com, template: plain, persistence: {size: 2Gi}}")
        .orElseThrow();
    patch("sized", "{\"spec\": {\"persistence\": {\"size\": \"1Gi\"}}}").orElseThrow();
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: vdi-data-sized}
        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
        """,
        namespace);
    api.mergePatchStatus(
            ResourceType.PERSISTENT_VOLUME_CLAIM,
            namespace,
            "vdi-data-sized",
            JsonParser.parseString(
                    "{\"status\": {\"phase\": \"Bound\", \"capacity\": {\"storage\": \"1Gi\"}}}")
                .getAsJsonObject())
        .orElseThrow();
    patch("sized", "{\"spec\": {\"persistence\": {\"size\": \"5Gi\"}}}").orElseThrow();
    assertRefused(
        patch("sized", "{\"spec\": {\"persistence\": {\"size\": \"512Mi\"}}}"),
        "spec.persistence.size 512Mi: is less than the 1Gi of PersistentVolumeClaim vdi-data-sized");
    patch("sized", "{\"spec\": {\"persistence\": {\"size\": \"1Gi\"}}}").orElseThrow();
  }

  /** A restored cluster: the ConfigMap is ahead of the API server. */
  @Test
  void aReleasedVersionOfAnotherHistoryDoesNotStopAdmission() {
    submit("before-restore", "{user: ivan@example.com, template: plain}").orElseThrow();
    api.mergePatch(
            ResourceType.CONFIG_MAP,
            WebhookFleet.NAMESPACE,
            "vdi-quota-reservations",
            JsonParser.parseString("{\"data\": {\"dropped\": \"987654321000\"}}").getAsJsonObject())
        .orElseThrow();
    submit("after-restore", "{user: ivan@example.com, template: plain}").orElseThrow();
    assertRefused(
        submit("too-many", "{user: ivan@example.com, template: plain}"),
        "GPU quota exceeded for user ivan@example.com: used 2, requested 1, limit 2");
    String released =
        api.get(ResourceType.CONFIG_MAP, WebhookFleet.NAMESPACE, "vdi-quota-reservations")
            .orElseThrow()
            .data()
            .get("dropped");
    assertThat(Long.parseLong(released)).isLessThan(987654321000L);
  }

  /** Without a wait between the writes, because Helm does not wait either. */
  @Test
  void aTemplateCanBeDeletedRightAfterItsLastSessionAndNotBefore() {
    for (int i = 0; i < 20; i++) {
      String name = "used-" + i;
      VdiTemplate template = template(api, name, "").orElseThrow();
      VdiSession user =
          submit("user", "{user: erin@example.com, template: %s}".formatted(name)).orElseThrow();
      assertRefused(
          api.delete(ResourceType.TEMPLATE, "", name, template.uid()),
          "VDITemplate %s is used by 1 session (%s/user): delete".formatted(name, namespace));
      api.delete(ResourceType.SESSION, namespace, "user", user.uid()).orElseThrow();
      api.delete(ResourceType.TEMPLATE, "", name, template.uid()).orElseThrow();
    }
  }

  @Test
  void anInvalidTemplateIsRefused() {
    assertRefused(
        template(api, "bad", ", env: [{name: SELKIES_BASIC_AUTH_PASSWORD, value: x}]"),
        "is the operator's own");
    assertRefused(
        api.create(
            ResourceType.TEMPLATE,
            "",
            Manifests.parse(
                    "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: other},"
                        + " spec: {image: elsewhere/desk}}")
                .getFirst()),
        "must come from one of desktops");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void applyingTheSameManifestTwiceChangesNothing(boolean serverSide) throws Exception {
    String mode = "--server-side=" + serverSide;
    String name = "applied-" + serverSide;
    Path file =
        Files.writeString(
            folder.resolve("session.json"),
            session(name, "{user: grace@example.com, template: plain}").toString());
    kubectl("apply", mode, "--validate=false", "-f", file.toString());
    VdiSession first = api.get(ResourceType.SESSION, namespace, name).orElseThrow();
    assertThat(first.spec().resources().memory()).isEqualTo("4Gi");
    kubectl("apply", mode, "--validate=false", "-f", file.toString());
    VdiSession second = api.get(ResourceType.SESSION, namespace, name).orElseThrow();
    assertThat(second.metadata().resourceVersion()).isEqualTo(first.metadata().resourceVersion());
    assertThat(kubectl("get", "vdi", name, "-o", "jsonpath={.spec.timeout}")).contains("8h");
    api.delete(ResourceType.SESSION, namespace, name, first.uid()).orElseThrow();
  }

  private String kubectl(String... arguments) throws Exception {
    Kubectl.Result result = new Kubectl(cluster, namespace).run(arguments);
    assertThat(result.exitStatus()).as(result.output()).isZero();
    return result.output();
  }

  @Test
  void aHugeAnnotationIsRefusedByTheApiServer() {
    JsonObject huge = session("huge", "{user: grace@example.com, template: plain}");
    JsonObject annotations = new JsonObject();
    annotations.addProperty("huge", "x".repeat(2 * 1024 * 1024));
    huge.getAsJsonObject("metadata").add("annotations", annotations);
    assertRefused(api.create(ResourceType.SESSION, namespace, huge), "262144");
  }

  @Test
  void aStatusOfTheOperatorIsNotChecked() {
    submit("status", "{user: heidi@example.com, template: plain}").orElseThrow();
    KubeClient controller =
        Cluster.connect(
            cluster.serviceAccountKubeconfig(
                WebhookFleet.NAMESPACE, "vdi-controller", folder.resolve("controller")));
    VdiSession changed =
        controller
            .mergePatchStatus(
                ResourceType.SESSION,
                namespace,
                "status",
                JsonParser.parseString("{\"status\": {\"phase\": \"Failed\"}}").getAsJsonObject())
            .orElseThrow();
    controller.close();
    assertThat(changed.status().phase().text()).isEqualTo("Failed");
    submit("status-2", "{user: heidi@example.com, template: plain, resources: {gpu: 2}}")
        .orElseThrow();
  }

  /** The client sends a part of a request and then nothing. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "POST /val",
        "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Le",
        "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
      })
  void slowClientsAreDisconnected(String part) throws Exception {
    try (SSLSocket socket = connect("TLSv1.3")) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(part.getBytes(StandardCharsets.UTF_8));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).doesNotContain("HTTP/1.1 200");
    }
  }

  @Test
  void tlsTwelveAndThirteenAreServed() throws Exception {
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      try (SSLSocket socket = connect(protocol)) {
        assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
      }
    }
  }

  private static SSLSocket connect(String protocol) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new TrustsAll()}, null);
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", fleet.port(0));
    socket.setEnabledProtocols(new String[] {protocol});
    socket.startHandshake();
    return socket;
  }

  private static final class TrustsAll extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  @Test
  void aChangedFileChangesTheLimit() {
    fleet.configure(
        """
        quota: {user: {gpus: 2, exceptions: [{name: frank@example.com, gpus: 0}]}}
        templates: {allowedRegistries: [desktops]}
        """);
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() ->
            assertRefused(
                submit("none", "{user: frank@example.com, template: plain}", "?dryRun=All"),
                "used 0, requested 1, limit 0"));
  }

  @Test
  @DisplayName("the API server checks the merged pod of a template")
  void podTemplate() {
    template(
            api,
            "shaped",
            """
            , podTemplate: {metadata: {labels: {team: graphics}}, spec: {
                volumes: [{name: course, configMap: {name: course}}],
                initContainers: [{name: prepare, image: desktops/tool}],
                containers: [{name: selkies, volumeMounts: [{name: course, mountPath: /course}]},
                             {name: sync, image: desktops/sync}]}}
            """)
        .orElseThrow();
    assertRefused(
        template(api, "misspelt", ", podTemplate: {spec: {priorityClasName: high}}"),
        "unknown field \"spec.priorityClasName\"");
    assertRefused(
        template(
            api,
            "no-volume",
            ", podTemplate: {spec: {containers: [{name: selkies, volumeMounts: [{name: data,"
                + " mountPath: /data}]}]}}"),
        "spec.containers[0].volumeMounts[2].name: Not found: \"data\"");
    assertRefused(
        template(api, "owned", ", podTemplate: {spec: {restartPolicy: Never}}"),
        "spec.podTemplate.spec.restartPolicy \"Never\": is the operator's own");
    assertRefused(
        template(
            api, "elsewhere", ", podTemplate: {spec: {containers: [{name: a, image: evil/a}]}}"),
        "spec.podTemplate.spec.containers[a].image \"evil/a\": must come from one of desktops");
    template(api, "no-class", ", podTemplate: {spec: {priorityClassName: missing}}").orElseThrow();
  }

  @Test
  @DisplayName("the API server checks the selectors of the devices of a template")
  void selectors() {
    String devices = ", gpu: {deviceClassName: gpu.example.com, selectors: ['%s']}";
    template(api, "devices", devices.formatted("device.driver == \"gpu.example.com\""))
        .orElseThrow();
    assertRefused(
        template(api, "no-cel", devices.formatted("device.")),
        "spec.gpu: the API server refuses the claim of the devices: correct this field:");
    assertRefused(
        template(api, "no-boolean", devices.formatted("device.driver")),
        "selectors[0].cel.expression");
  }

  private static ApiResult<VdiTemplate> template(KubeClient api, String name, String spec) {
    return api.create(
        ResourceType.TEMPLATE,
        "",
        Manifests.parse(
                """
                apiVersion: vdi.kasm.io/v1alpha1
                kind: VDITemplate
                metadata: {name: %s}
                spec: {image: desktops/ubuntu %s}
                """
                    .formatted(name, spec.replace("\n", " ")))
            .getFirst());
  }

  private ApiResult<VdiSession> submit(String name, String spec) {
    return api.create(ResourceType.SESSION, namespace, session(name, spec));
  }

  private ApiResult<JsonObject> submit(String name, String spec, String query) {
    return api.request(
        "POST",
        "/apis/vdi.kasm.io/v1alpha1/namespaces/" + namespace + "/vdisessions" + query,
        session(name, spec));
  }

  private static JsonObject session(String name, String spec) {
    return Manifests.parse(
            "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDISession, metadata: {name: %s}, spec: %s}"
                .formatted(name, spec))
        .getFirst();
  }

  private ApiResult<VdiSession> patch(String name, String patch) {
    return api.mergePatch(
        ResourceType.SESSION, namespace, name, JsonParser.parseString(patch).getAsJsonObject());
  }

  private static void assertRefused(ApiResult<?> result, String message) {
    assertThat(result.failure())
        .as("failure of %s", result)
        .hasValueSatisfying(failure -> assertThat(failure.message()).contains(message));
  }
}
