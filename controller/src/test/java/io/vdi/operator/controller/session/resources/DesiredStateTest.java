package io.vdi.operator.controller.session.resources;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The objects of a session; docs/specification.md, section 2. */
class DesiredStateTest {
  private static final SessionConfig CONFIG =
      new SessionConfig(
          "vdi.example.com",
          new SessionConfig.Ingress(
              SessionConfig.IngressKind.TRAEFIK, Optional.empty(), List.of("websecure")),
          new SessionConfig.Tls(SessionConfig.TlsMode.CERT_RESOLVER, "letsencrypt", ""),
          Optional.empty(),
          Optional.empty(),
          Optional.of(new IdentityMapping(Map.of(), "", "")));

  @Test
  void everyObjectHasLabelsEmailAndOwner() {
    DesiredState.Children children = children("{}", "{image: x}", CONFIG);
    assertThat(children.objects()).containsOnlyKeys(ChildKind.values());
    for (DesiredObject desired : children.objects().values()) {
      JsonObject metadata = desired.body().getAsJsonObject("metadata");
      JsonObject labels = metadata.getAsJsonObject("labels");
      boolean pod = desired.kind() == ChildKind.POD;
      assertThat(labels.remove("vdi.kasm.io/template"))
          .isEqualTo(pod ? new JsonPrimitive("ubuntu") : null);
      assertThat(labels)
          .as(desired.name())
          .isEqualTo(
              json(
                  """
                  {"app.kubernetes.io/name": "vdi-session", "app.kubernetes.io/instance": "desk",
                   "app.kubernetes.io/managed-by": "vdi-operator", "vdi.kasm.io/user": "alice-example.com"}
                  """));
      assertThat(metadata.getAsJsonObject("annotations").get("vdi.kasm.io/user").getAsString())
          .isEqualTo("alice@example.com");
      assertThat(metadata.get("ownerReferences"))
          .isEqualTo(
              json(
                  """
                  [{"apiVersion": "vdi.kasm.io/v1alpha1", "kind": "VDISession", "name": "desk", "uid": "u1",
                    "controller": true, "blockOwnerDeletion": true}]
                  """));
    }
  }

  @Test
  void theEnvironmentOfADesktopWithGpu() {
    Map<String, String> env =
        env(
            children(
                "{}",
                "{image: x, port: 9000, env: [{name: DISPLAY, value: ':7'}, {name: TZ, value: UTC}]}",
                CONFIG));
    assertThat(env.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList())
        .isEqualTo(
            List.of(
                "SELKIES_ENCODER=nvh264enc",
                "SELKIES_BASIC_AUTH_PASSWORD={\"secretKeyRef\":{\"key\":\"password\",\"name\":\"vdi-auth-desk\"}}",
                "SELKIES_ENABLE_BASIC_AUTH=true",
                "SELKIES_BASIC_AUTH_USER=ubuntu",
                "SELKIES_ADDR=0.0.0.0",
                "SELKIES_PORT=9000",
                "SELKIES_ENABLE_DUAL_MODE=false",
                "NVIDIA_DRIVER_CAPABILITIES=all",
                "DISPLAY=:7",
                "TZ=UTC"));
  }

  @Test
  void withoutGpuThereIsNoLimitAndNoVisibleDevice() {
    DesiredState.Children children =
        children("{}", "{image: x, resources: {defaultGPU: 0}}", CONFIG);
    assertThat(env(children).get("NVIDIA_VISIBLE_DEVICES")).isEqualTo("void");
    assertThat(container(children).getAsJsonObject("resources").get("limits"))
        .isEqualTo(json("{memory: 4Gi, cpu: '2', ephemeral-storage: 10Gi}"));
  }

  @Test
  void limitsVolumesAndProbes() {
    DesiredState.Children children =
        children(
            "{resources: {gpu: 2, memory: 8Gi}}", "{image: x, healthPath: '/api/health'}", CONFIG);
    JsonObject container = container(children);
    assertThat(container.getAsJsonObject("resources").get("limits"))
        .isEqualTo(json("{memory: 8Gi, cpu: '2', 'nvidia.com/gpu': '2', ephemeral-storage: 10Gi}"));
    assertThat(
            probe(container, "startupProbe").getAsJsonObject("httpGet").get("path").getAsString())
        .isEqualTo("/api/health");
    // 10 minutes, every 2 seconds.
    assertThat(probe(container, "startupProbe").get("failureThreshold").getAsInt()).isEqualTo(300);
    JsonObject spec = object(children, ChildKind.POD).body().getAsJsonObject("spec");
    assertThat(spec.get("volumes"))
        .isEqualTo(
            json(
                """
                [{"name": "home", "persistentVolumeClaim": {"claimName": "vdi-data-desk"}},
                 {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}}]
                """));
    assertThat(
            probe(container(children("{}", "{image: x}", CONFIG)), "readinessProbe")
                .has("tcpSocket"))
        .isTrue();
  }

  @Test
  void theDiskOfTheNodeIsBounded() {
    JsonObject byDefault =
        container(children("{}", "{image: x}", CONFIG)).getAsJsonObject("resources");
    assertThat(byDefault.get("requests")).isEqualTo(json("{ephemeral-storage: 1Gi}"));

    DesiredState.Children small =
        children(
            "{persistence: {enabled: false}}",
            "{image: x, resources: {ephemeralStorage: 500Mi}}",
            CONFIG);
    JsonObject resources = container(small).getAsJsonObject("resources");
    assertThat(resources.getAsJsonObject("limits").get("ephemeral-storage"))
        .hasToString("\"500Mi\"");
    assertThat(resources.get("requests")).isEqualTo(json("{ephemeral-storage: 500Mi}"));
    JsonArray volumes =
        object(small, ChildKind.POD).body().getAsJsonObject("spec").getAsJsonArray("volumes");
    assertThat(volumes.get(0)).isEqualTo(json("{name: home, emptyDir: {sizeLimit: 500Mi}}"));
    assertThat(volumes)
        .allMatch(volume -> volume.getAsJsonObject().getAsJsonObject("emptyDir").has("sizeLimit"));
  }

  @Test
  void thePodIsRestrictedAndTheTemplateReplacesSingleFields() {
    JsonObject spec =
        object(children("{}", "{image: x}", CONFIG), ChildKind.POD).body().getAsJsonObject("spec");
    assertThat(spec.get("automountServiceAccountToken").getAsBoolean()).isFalse();
    assertThat(spec.get("enableServiceLinks").getAsBoolean()).isFalse();
    assertThat(spec.get("securityContext"))
        .isEqualTo(
            json(
                """
                {"fsGroup": 1000, "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"}}
                """));
    assertThat(spec.getAsJsonArray("containers").get(0).getAsJsonObject().get("securityContext"))
        .isEqualTo(
            json("{\"allowPrivilegeEscalation\": false, \"capabilities\": {\"drop\": [\"ALL\"]}}"));

    JsonObject loose =
        object(
                children(
                    "{}",
                    "{image: x, securityContext: {fsGroup: 7, runAsUser: 7, capabilities: {add: [SYS_ADMIN]}}}",
                    CONFIG),
                ChildKind.POD)
            .body()
            .getAsJsonObject("spec");
    assertThat(loose.getAsJsonObject("securityContext").get("fsGroup").getAsInt()).isEqualTo(7);
    assertThat(
            order(
                loose.getAsJsonArray("containers").get(0).getAsJsonObject().get("securityContext"),
                "allowPrivilegeEscalation",
                "runAsUser",
                "capabilities"))
        .isEqualTo(
            json("""
            {"allowPrivilegeEscalation": false, "runAsUser": 7.0, "capabilities": {"add": ["SYS_ADMIN"]}}
            """)
                .toString()
                .replace("7.0", "7"));
  }

  @Test
  void theRouteOfTraefik() {
    assertThat(object(children("{}", "{image: x}", CONFIG), ChildKind.ROUTE).body().get("spec"))
        .isEqualTo(
            json(
                """
                {"entryPoints": ["websecure"],
                 "routes": [{"match": "Host(`alice.vdi.example.com`)", "kind": "Rule",
                   "services": [{"name": "desk", "port": 8080}]}],
                 "tls": {"certResolver": "letsencrypt"}}
                """));
  }

  @Test
  void onlyThePreferredHostUsesTheCertificateResolver() {
    ResolvedSession first = resolved("{}", "{image: x}", CONFIG);
    ResolvedSession resolved =
        new ResolvedSession(
            first.session(), first.template(), first.spec(), "alice-0123abcd", CONFIG);
    assertThat(IngressRouteBuilder.of(resolved).body().getAsJsonObject("spec").get("tls"))
        .isEqualTo(json("{}"));
  }

  @Test
  void aChangeOfTlsModeRemovesTheFieldOfTheEarlierMode() {
    SessionConfig secret =
        new SessionConfig(
            "vdi.example.com",
            CONFIG.ingress(),
            new SessionConfig.Tls(SessionConfig.TlsMode.SECRET_NAME, "", "wildcard"),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    DesiredObject route = object(children("{}", "{image: x}", secret), ChildKind.ROUTE);
    assertThat(route.patch().getAsJsonObject("spec").get("tls"))
        .isEqualTo(json("{\"certResolver\": null, \"secretName\": \"wildcard\"}"));
    assertThat(route.body().getAsJsonObject("spec").get("tls"))
        .isEqualTo(json("{\"secretName\": \"wildcard\"}"));
  }

  @Test
  void theIngressOfOtherIngressControllers() {
    SessionConfig other =
        new SessionConfig(
            "vdi.example.com",
            new SessionConfig.Ingress(
                SessionConfig.IngressKind.INGRESS, Optional.of("nginx"), List.of("websecure")),
            new SessionConfig.Tls(SessionConfig.TlsMode.SECRET_NAME, "", "wildcard"),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    assertThat(object(children("{}", "{image: x}", other), ChildKind.ROUTE).body().get("spec"))
        .isEqualTo(
            json(
                """
                {"ingressClassName": "nginx",
                 "rules": [{"host": "alice.vdi.example.com", "http": {"paths": [{"backend": {"service":
                   {"name": "desk", "port": {"number": 8080}}}, "path": "/", "pathType": "Prefix"}]}}],
                 "tls": [{"hosts": ["alice.vdi.example.com"], "secretName": "wildcard"}]}
                """));
  }

  @Test
  void withAGateRoutesReferToTheMiddleware() {
    SessionConfig gate = withGate(CONFIG.ingress());
    DesiredObject route = object(children("{}", "{image: x}", gate), ChildKind.ROUTE);
    assertThat(route.body().getAsJsonObject("spec").getAsJsonArray("routes").get(0))
        .isEqualTo(
            json(
                """
                {"match": "Host(`alice.vdi.example.com`)", "kind": "Rule",
                 "middlewares": [{"name": "vdi-gate"}],
                 "services": [{"name": "desk", "port": 8080}]}
                """));
    assertThat(annotations(route.body()).get("vdi.kasm.io/access-mode")).hasToString("\"gate\"");
    DesiredObject basic = object(children("{}", "{image: x}", CONFIG), ChildKind.ROUTE);
    assertThat(annotations(basic.body()).has("vdi.kasm.io/access-mode")).isFalse();
    assertThat(annotations(basic.patch()).get("vdi.kasm.io/access-mode").isJsonNull()).isTrue();
  }

  @Test
  void withAGateAnIngressRefersToTheMiddleware() {
    SessionConfig.Ingress ingress =
        new SessionConfig.Ingress(
            SessionConfig.IngressKind.INGRESS, Optional.of("traefik"), List.of("websecure"));
    String annotation = "traefik.ingress.kubernetes.io/router.middlewares";
    DesiredObject route = object(children("{}", "{image: x}", withGate(ingress)), ChildKind.ROUTE);
    assertThat(annotations(route.body()).get(annotation))
        .hasToString("\"desks-vdi-gate@kubernetescrd\"");
    SessionConfig without =
        new SessionConfig(
            CONFIG.domain(),
            ingress,
            CONFIG.tls(),
            CONFIG.turn(),
            CONFIG.network(),
            CONFIG.access());
    assertThat(
            annotations(object(children("{}", "{image: x}", without), ChildKind.ROUTE).patch())
                .get(annotation)
                .isJsonNull())
        .isTrue();
  }

  @Test
  void theMiddlewareAsksTheGate() {
    assertThat(withGate(CONFIG.ingress()).middleware().orElseThrow().body().get("spec"))
        .isEqualTo(
            json(
                """
                {"forwardAuth": {
                  "address": "http://vdi-gate.vdi-system.svc:8082/forward-auth",
                  "trustForwardHeader": false,
                  "authResponseHeaders": ["Authorization", "Cookie"],
                  "addAuthCookiesToResponse": ["__Host-vdi-desktop"],
                  "maxResponseBodySize": 65536}}
                """));
  }

  private static SessionConfig withGate(SessionConfig.Ingress ingress) {
    return new SessionConfig(
        CONFIG.domain(),
        ingress,
        CONFIG.tls(),
        CONFIG.turn(),
        CONFIG.network(),
        CONFIG.access(),
        Optional.of(SessionConfig.Gate.at("http://vdi-gate.vdi-system.svc:8082/forward-auth")));
  }

  private static JsonObject annotations(JsonObject object) {
    return object.getAsJsonObject("metadata").getAsJsonObject("annotations");
  }

  @Test
  void theTurnServerIsConfiguredOnlyForWebRtcAndNeverAPublicOne() {
    SessionConfig turn =
        new SessionConfig(
            "vdi.example.com",
            CONFIG.ingress(),
            CONFIG.tls(),
            Optional.of(
                new SessionConfig.Turn(
                    "turn.example.com", 3478, "udp", false, "/turn/secret", Duration.ofHours(24))),
            Optional.empty(),
            Optional.empty());
    assertThat(env(children("{}", "{image: x, transport: websockets}", turn)).toString())
        .doesNotContain("TURN");
    assertThat(env(children("{}", "{image: x}", turn)).toString()).doesNotContain("TURN");
    Map<String, String> env = env(children("{}", "{image: x, transport: webrtc}", turn));
    assertThat(env.get("SELKIES_TURN_HOST")).isEqualTo("turn.example.com");
    assertThat(env.get("SELKIES_TURN_PASSWORD")).contains("secretKeyRef");
    // Files of the Secret follow a renewal, and the environment does not.
    String mount = "{\"mountPath\":\"/run/vdi/turn\",\"name\":\"turn\",\"readOnly\":true}";
    assertThat(pod(children("{}", "{image: x, transport: webrtc}", turn)).toString())
        .contains(mount)
        .doesNotContain("\"key\":\"password\",\"path\"");
    assertThat(pod(children("{}", "{image: x, transport: websockets}", turn)).toString())
        .doesNotContain("/run/vdi/turn");
    assertThat(pod(children("{}", "{image: x, transport: webrtc}", CONFIG)).toString())
        .doesNotContain("/run/vdi/turn");
    assertThat(env(children("{}", "{image: x, transport: dual}", CONFIG)).get("SELKIES_TURN_HOST"))
        .isEqualTo("127.0.0.1");
    // By default Selkies lets users switch to WebRTC, which uses a public TURN server.
    for (String off : List.of("", ", transport: websockets", ", transport: webrtc")) {
      assertThat(env(children("{}", "{image: x" + off + "}", turn)).get("SELKIES_ENABLE_DUAL_MODE"))
          .isEqualTo("false");
    }
    assertThat(
            env(children("{}", "{image: x, transport: dual}", turn))
                .get("SELKIES_ENABLE_DUAL_MODE"))
        .isEqualTo("true");
  }

  @Test
  void theHashChangesOnlyWithTheObject() {
    DesiredState.Children one = children("{}", "{image: x}", CONFIG);
    assertThat(object(children("{}", "{image: x}", CONFIG), ChildKind.POD).hash())
        .isEqualTo(object(one, ChildKind.POD).hash());
    assertThat(object(children("{}", "{image: y}", CONFIG), ChildKind.POD).hash())
        .isNotEqualTo(object(one, ChildKind.POD).hash());
    assertThat(object(children("{}", "{image: y}", CONFIG), ChildKind.SERVICE).hash())
        .isEqualTo(object(one, ChildKind.SERVICE).hash());
  }

  @Test
  void aSessionWithoutPersistenceOrRoutesHasNoHomeAndNoRoute() {
    SessionConfig noRoutes =
        new SessionConfig(
            "vdi.example.com",
            new SessionConfig.Ingress(
                SessionConfig.IngressKind.NONE, Optional.empty(), List.of("websecure")),
            CONFIG.tls(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    assertThat(children("{persistence: {enabled: false}}", "{image: x}", noRoutes).objects())
        .containsOnlyKeys(ChildKind.SECRET, ChildKind.SERVICE, ChildKind.POD);
  }

  @Test
  void valuesThatTheSchemaRefusesAreNoDesiredState() {
    ResolvedSession resolved = resolved("{resources: {memory: many}}", "{image: x}", CONFIG);
    DesiredState desired =
        DesiredState.of(resolved.session(), resolved.template(), "alice", CONFIG);
    assertThat(desired).isInstanceOf(DesiredState.InvalidSpec.class);
    assertThat(((DesiredState.InvalidSpec) desired).problems())
        .singleElement()
        .asString()
        .startsWith("resources.memory \"many\" is not a quantity above zero");
  }

  /** Such a session passed the admission webhook without the limits of its template. */
  @Test
  void aSessionThatIsOlderThanItsTemplateIsCheckedBeforeItStarts() {
    ResolvedSession resolved =
        resolved(
            "{resources: {gpu: 3}}",
            "{image: x, resources: {maxGPU: 2}, allowedUsers: [bob@example.com]}",
            CONFIG);
    VdiSession checked = resolved.session();
    ObjectMeta meta = checked.metadata();
    VdiSession unchecked =
        new VdiSession(
            new ObjectMeta(
                meta.name(),
                meta.namespace(),
                meta.uid(),
                meta.resourceVersion(),
                meta.generation(),
                meta.creationTimestamp(),
                null,
                meta.labels(),
                Map.of(Annotations.UNCHECKED, "true"),
                meta.finalizers(),
                meta.ownerReferences()),
            checked.spec(),
            VdiSession.Status.EMPTY);
    DesiredState desired = DesiredState.of(unchecked, resolved.template(), "alice", CONFIG);
    String template = checked.spec().template();
    assertThat(((DesiredState.InvalidSpec) desired).problems())
        .containsExactly(
            "spec.resources.gpu 3: is more than template "
                + template
                + " allows, which is 2: ask for 2 or less",
            "spec.template \""
                + template
                + "\": is not for "
                + checked.spec().user()
                + ": choose another template, or ask an admin to add you");
    VdiSession started =
        new VdiSession(
            unchecked.metadata(),
            checked.spec(),
            KubeGson.gson().fromJson("{podName: desk}", VdiSession.Status.class));
    for (VdiSession other : List.of(checked, started)) {
      assertThat(DesiredState.of(other, resolved.template(), "alice", CONFIG))
          .isInstanceOf(DesiredState.Children.class);
    }
  }

  private static DesiredState.Children children(
      String session, String template, SessionConfig config) {
    return DesiredState.children(resolved(session, template, config));
  }

  private static ResolvedSession resolved(String session, String template, SessionConfig config) {
    VdiSession.Spec parsed = KubeGson.gson().fromJson(session, VdiSession.Spec.class);
    VdiSession.Spec spec =
        new VdiSession.Spec(
            "alice@example.com",
            "ubuntu",
            parsed.resources(),
            parsed.persistence(),
            parsed.timeout(),
            parsed.idleTimeout(),
            parsed.idleAction(),
            parsed.suspended());
    VdiTemplate.Spec templateSpec = KubeGson.gson().fromJson(template, VdiTemplate.Spec.class);
    VdiSession named =
        KubeGson.gson()
            .fromJson("{metadata: {name: desk, namespace: desks, uid: u1}}", VdiSession.class);
    return new ResolvedSession(
        new VdiSession(named.metadata(), spec, null),
        templateSpec,
        Defaults.effectiveSpec(spec, templateSpec),
        "alice",
        config);
  }

  private static DesiredObject object(DesiredState.Children children, ChildKind kind) {
    return children.get(kind).orElseThrow();
  }

  private static JsonObject pod(DesiredState.Children children) {
    return object(children, ChildKind.POD).body();
  }

  private static JsonObject container(DesiredState.Children children) {
    return pod(children)
        .getAsJsonObject("spec")
        .getAsJsonArray("containers")
        .get(0)
        .getAsJsonObject();
  }

  private static JsonObject probe(JsonObject container, String name) {
    return container.getAsJsonObject(name);
  }

  private static Map<String, String> env(DesiredState.Children children) {
    Map<String, String> env = new LinkedHashMap<>();
    JsonArray list = container(children).getAsJsonArray("env");
    for (JsonElement element : list) {
      JsonObject variable = element.getAsJsonObject();
      env.put(
          variable.get("name").getAsString(),
          variable.has("value")
              ? variable.get("value").getAsString()
              : variable.get("valueFrom").toString());
    }
    return env;
  }

  private static String order(JsonElement object, String... keys) {
    JsonObject ordered = new JsonObject();
    for (String key : keys) {
      ordered.add(key, object.getAsJsonObject().get(key));
    }
    return ordered.toString();
  }

  private static JsonElement json(String text) {
    return JsonParser.parseString(text);
  }
}
