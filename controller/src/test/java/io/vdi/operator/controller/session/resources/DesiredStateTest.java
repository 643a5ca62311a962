package io.vdi.operator.controller.session.resources;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.cache.DesiredStateCache;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The objects as spec.md section 2 has them. */
class DesiredStateTest {
  private static final SessionConfig SETTINGS =
      new SessionConfig(
          "vdi.example.com",
          new SessionConfig.Ingress(
              SessionConfig.IngressKind.TRAEFIK, Optional.empty(), List.of("websecure")),
          new SessionConfig.Tls(SessionConfig.TlsMode.CERT_RESOLVER, "letsencrypt", ""),
          Optional.empty());

  @Test
  void everyObjectCarriesLabelsEmailAndOwner() {
    DesiredState blueprint = blueprint("{}", "{image: x}", SETTINGS);
    for (DesiredObject desired :
        List.of(
            blueprint.secret(),
            blueprint.volumeClaim().orElseThrow(),
            blueprint.service(),
            blueprint.route().orElseThrow(),
            blueprint.pod())) {
      JsonObject metadata = desired.body().getAsJsonObject("metadata");
      assertEquals(
          json(
              """
              {"app.kubernetes.io/name": "vdi-session", "app.kubernetes.io/instance": "desk",
               "app.kubernetes.io/managed-by": "vdi-operator", "vdi.kasm.io/user": "alice-example.com"}
              """),
          metadata.get("labels"),
          desired.name());
      assertEquals(
          "alice@example.com",
          metadata.getAsJsonObject("annotations").get("vdi.kasm.io/user").getAsString());
      assertEquals(
          json(
              """
              [{"apiVersion": "vdi.kasm.io/v1alpha1", "kind": "VDISession", "name": "desk", "uid": "u1",
                "controller": true, "blockOwnerDeletion": true}]
              """),
          metadata.get("ownerReferences"));
    }
  }

  @Test
  void theEnvironmentOfADesktopWithGpu() {
    Map<String, String> env =
        env(
            blueprint(
                "{}",
                "{image: x, port: 9000, env: [{name: DISPLAY, value: ':7'}, {name: TZ, value: UTC}]}",
                SETTINGS));
    assertEquals(
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
            "TZ=UTC"),
        env.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
  }

  @Test
  void withoutGpuTheLimitIsLeftOutAndNoGpuIsSeen() {
    DesiredState blueprint = blueprint("{}", "{image: x, resources: {defaultGPU: 0}}", SETTINGS);
    assertEquals("void", env(blueprint).get("NVIDIA_VISIBLE_DEVICES"));
    assertEquals(
        json("{\"memory\": \"4Gi\", \"cpu\": \"2\"}"),
        container(blueprint).getAsJsonObject("resources").get("limits"));
  }

  @Test
  void limitsVolumesAndProbes() {
    DesiredState blueprint =
        blueprint(
            "{resources: {gpu: 2, memory: 8Gi}}",
            "{image: x, healthPath: '/api/health'}",
            SETTINGS);
    JsonObject container = container(blueprint);
    assertEquals(
        json("{\"memory\": \"8Gi\", \"cpu\": \"2\", \"nvidia.com/gpu\": \"2\"}"),
        container.getAsJsonObject("resources").get("limits"));
    assertEquals(
        "/api/health",
        probe(container, "startupProbe").getAsJsonObject("httpGet").get("path").getAsString());
    // 10 minutes, every 2 seconds.
    assertEquals(300, probe(container, "startupProbe").get("failureThreshold").getAsInt());
    JsonObject spec = blueprint.pod().body().getAsJsonObject("spec");
    assertEquals(
        json(
            """
            [{"name": "home", "persistentVolumeClaim": {"claimName": "vdi-data-desk"}},
             {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}}]
            """),
        spec.get("volumes"));
    assertTrue(
        probe(container(blueprint("{}", "{image: x}", SETTINGS)), "readinessProbe")
            .has("tcpSocket"));
  }

  @Test
  void thePodIsAsRestrictedAsItCanBeAndTheTemplateLoosensFieldByField() {
    JsonObject spec = blueprint("{}", "{image: x}", SETTINGS).pod().body().getAsJsonObject("spec");
    assertFalse(spec.get("automountServiceAccountToken").getAsBoolean());
    assertFalse(spec.get("enableServiceLinks").getAsBoolean());
    assertEquals(
        json(
            """
            {"fsGroup": 1000, "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"}}
            """),
        spec.get("securityContext"));
    assertEquals(
        json("{\"allowPrivilegeEscalation\": false, \"capabilities\": {\"drop\": [\"ALL\"]}}"),
        spec.getAsJsonArray("containers").get(0).getAsJsonObject().get("securityContext"));

    JsonObject loose =
        blueprint(
                "{}",
                "{image: x, securityContext: {fsGroup: 7, runAsUser: 7, capabilities: {add: [SYS_ADMIN]}}}",
                SETTINGS)
            .pod()
            .body()
            .getAsJsonObject("spec");
    assertEquals(7, loose.getAsJsonObject("securityContext").get("fsGroup").getAsInt());
    assertEquals(
        json("""
        {"allowPrivilegeEscalation": false, "runAsUser": 7.0, "capabilities": {"add": ["SYS_ADMIN"]}}
        """)
            .toString()
            .replace("7.0", "7"),
        order(
            loose.getAsJsonArray("containers").get(0).getAsJsonObject().get("securityContext"),
            "allowPrivilegeEscalation",
            "runAsUser",
            "capabilities"));
  }

  @Test
  void theRouteOfTraefik() {
    assertEquals(
        json(
            """
            {"entryPoints": ["websecure"],
             "routes": [{"match": "Host(`alice.vdi.example.com`)", "kind": "Rule",
               "services": [{"name": "desk", "port": 8080}]}],
             "tls": {"certResolver": "letsencrypt"}}
            """),
        blueprint("{}", "{image: x}", SETTINGS).route().orElseThrow().body().get("spec"));
  }

  @Test
  void aChangeOfTlsModeTakesOutWhatTheOtherPutThere() {
    SessionConfig secret =
        new SessionConfig(
            "vdi.example.com",
            SETTINGS.ingress(),
            new SessionConfig.Tls(SessionConfig.TlsMode.SECRET_NAME, "", "wildcard"),
            Optional.empty());
    DesiredObject route = blueprint("{}", "{image: x}", secret).route().orElseThrow();
    assertEquals(
        json("{\"certResolver\": null, \"secretName\": \"wildcard\"}"),
        route.patch().getAsJsonObject("spec").get("tls"));
    assertEquals(
        json("{\"secretName\": \"wildcard\"}"), route.body().getAsJsonObject("spec").get("tls"));
  }

  @Test
  void anIngressForOthers() {
    SessionConfig other =
        new SessionConfig(
            "vdi.example.com",
            new SessionConfig.Ingress(
                SessionConfig.IngressKind.INGRESS, Optional.of("nginx"), List.of("websecure")),
            new SessionConfig.Tls(SessionConfig.TlsMode.SECRET_NAME, "", "wildcard"),
            Optional.empty());
    assertEquals(
        json(
            """
            {"ingressClassName": "nginx",
             "rules": [{"host": "alice.vdi.example.com", "http": {"paths": [{"backend": {"service":
               {"name": "desk", "port": {"number": 8080}}}, "path": "/", "pathType": "Prefix"}]}}],
             "tls": [{"hosts": ["alice.vdi.example.com"], "secretName": "wildcard"}]}
            """),
        blueprint("{}", "{image: x}", other).route().orElseThrow().body().get("spec"));
  }

  @Test
  void turnOnlyWhereWebRtcIsOnAndNeverAPublicRelay() {
    SessionConfig turn =
        new SessionConfig(
            "vdi.example.com",
            SETTINGS.ingress(),
            SETTINGS.tls(),
            Optional.of(new SessionConfig.Turn("turn.example.com", 3478, "udp", false)));
    assertFalse(
        env(blueprint("{}", "{image: x, transport: websockets}", turn))
            .toString()
            .contains("TURN"));
    assertFalse(env(blueprint("{}", "{image: x}", turn)).toString().contains("TURN"));
    Map<String, String> env = env(blueprint("{}", "{image: x, transport: webrtc}", turn));
    assertEquals("turn.example.com", env.get("SELKIES_TURN_HOST"));
    assertTrue(env.get("SELKIES_TURN_PASSWORD").contains("secretKeyRef"));
    assertEquals(
        "127.0.0.1",
        env(blueprint("{}", "{image: x, transport: dual}", SETTINGS)).get("SELKIES_TURN_HOST"));
    // Selkies' own default lets users switch to WebRTC, and so to that relay.
    for (String off : List.of("", ", transport: websockets", ", transport: webrtc")) {
      assertEquals(
          "false",
          env(blueprint("{}", "{image: x" + off + "}", turn)).get("SELKIES_ENABLE_DUAL_MODE"));
    }
    assertEquals(
        "true",
        env(blueprint("{}", "{image: x, transport: dual}", turn)).get("SELKIES_ENABLE_DUAL_MODE"));
  }

  @Test
  void theHashChangesWithTheSpecAndOnlyWithIt() {
    DesiredState one = blueprint("{}", "{image: x}", SETTINGS);
    assertEquals(one.pod().hash(), blueprint("{}", "{image: x}", SETTINGS).pod().hash());
    assertNotEquals(one.pod().hash(), blueprint("{}", "{image: y}", SETTINGS).pod().hash());
    assertEquals(one.service().hash(), blueprint("{}", "{image: y}", SETTINGS).service().hash());
  }

  @Test
  void whatIsRememberedIsTheSame() {
    DesiredStateCache blueprints = new DesiredStateCache();
    for (String template : List.of("{image: x}", "{image: x}", "{image: y}", "{image: x}")) {
      ResolvedSession workload = workload("{}", template, SETTINGS);
      DesiredState fresh = DesiredState.of(workload, Optional.empty());
      DesiredState remembered = blueprints.of(workload, Optional.empty());
      assertEquals(fresh, remembered);
      assertEquals(fresh.pod().body(), remembered.pod().body());
      assertEquals(fresh.route().orElseThrow().patch(), remembered.route().orElseThrow().patch());
    }
  }

  private static DesiredState blueprint(String session, String template, SessionConfig settings) {
    return DesiredState.of(workload(session, template, settings), Optional.empty());
  }

  private static ResolvedSession workload(String session, String template, SessionConfig settings) {
    VdiSession.Spec parsed = KubeGson.gson().fromJson(session, VdiSession.Spec.class);
    VdiSession.Spec spec =
        new VdiSession.Spec(
            "alice@example.com",
            "ubuntu",
            parsed.resources(),
            parsed.persistence(),
            parsed.timeout(),
            parsed.idleTimeout(),
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
        settings);
  }

  private static JsonObject container(DesiredState blueprint) {
    return blueprint
        .pod()
        .body()
        .getAsJsonObject("spec")
        .getAsJsonArray("containers")
        .get(0)
        .getAsJsonObject();
  }

  private static JsonObject probe(JsonObject container, String name) {
    return container.getAsJsonObject(name);
  }

  private static Map<String, String> env(DesiredState blueprint) {
    Map<String, String> env = new LinkedHashMap<>();
    JsonArray list = container(blueprint).getAsJsonArray("env");
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
