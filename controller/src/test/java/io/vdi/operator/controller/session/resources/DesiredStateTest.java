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
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
          Optional.of(new IdentityMapping(Map.of(), "", "")),
          Optional.empty());

  @Test
  void everyObjectHasLabelsEmailAndOwner() {
    DesiredState.Children children =
        children("{}", "{image: x, gpu: {deviceClassName: gpu.example.com}}", CONFIG);
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
                "SELKIES_BASIC_AUTH_VIEWONLY_PASSWORD={\"secretKeyRef\":{\"key\":\"viewer-password\",\"name\":\"vdi-auth-desk\",\"optional\":true}}",
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
  @DisplayName("with a DeviceClass the pod uses a claim, and no extended resource")
  void devices() {
    DesiredState.Children children =
        children(
            "{resources: {gpu: 2}}",
            """
            {image: x, gpu: {deviceClassName: gpu.example.com,
              selectors: ["device.attributes['gpu.example.com'].model == 'A'"],
              deviceConfig: {driver: gpu.example.com, parameters: {sharing: shared}}}}
            """,
            CONFIG);
    DesiredObject claim = object(children, ChildKind.GPU_CLAIM);
    assertThat(claim.name()).isEqualTo("vdi-gpu-desk");
    JsonObject devices =
        claim.body().getAsJsonObject("spec").getAsJsonObject("spec").getAsJsonObject("devices");
    assertThat(devices)
        .isEqualTo(
            json(
                """
                {"requests": [{"name": "gpu", "exactly": {
                    "deviceClassName": "gpu.example.com", "allocationMode": "ExactCount", "count": 2,
                    "selectors": [{"cel": {"expression":
                        "device.attributes['gpu.example.com'].model == 'A'"}}]}}],
                 "config": [{"requests": ["gpu"], "opaque": {
                    "driver": "gpu.example.com", "parameters": {"sharing": "shared"}}}]}
                """));
    JsonObject resources = container(children).getAsJsonObject("resources");
    assertThat(resources.get("limits"))
        .isEqualTo(json("{memory: 4Gi, cpu: '2', ephemeral-storage: 10Gi}"));
    assertThat(resources.get("claims")).isEqualTo(json("[{name: gpu}]"));
    assertThat(pod(children).getAsJsonObject("spec").get("resourceClaims"))
        .isEqualTo(json("[{name: gpu, resourceClaimTemplateName: vdi-gpu-desk}]"));
    assertThat(env(children))
        .containsEntry("NVIDIA_DRIVER_CAPABILITIES", "all")
        .containsEntry("NVIDIA_VISIBLE_DEVICES", "void");
    assertThat(KubeGson.gson().fromJson(pod(children), Pod.class).gpus()).isEqualTo(2);
  }

  @Test
  @DisplayName("a pod differs when its claim would; without GPUs there is no claim")
  void otherDevices() {
    String template = "{image: x, gpu: {deviceClassName: a, selectors: ['%s']}}";
    assertThat(object(children("{}", template.formatted("true"), CONFIG), ChildKind.POD).hash())
        .isNotEqualTo(
            object(children("{}", template.formatted("false"), CONFIG), ChildKind.POD).hash());
    DesiredState.Children without =
        children("{}", "{image: x, resources: {defaultGPU: 0}, gpu: {deviceClassName: a}}", CONFIG);
    assertThat(without.get(ChildKind.GPU_CLAIM)).isEmpty();
    assertThat(pod(without).getAsJsonObject("spec").has("resourceClaims")).isFalse();
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
    // Every second for 10 minutes.
    assertThat(probe(container, "startupProbe").get("periodSeconds").getAsInt()).isEqualTo(1);
    assertThat(probe(container, "startupProbe").get("failureThreshold").getAsInt()).isEqualTo(600);
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

  /** Without a flavor, and with the default one, nothing changes for existing sessions. */
  @Test
  void theDefaultFlavorChangesNothing() {
    String template = "image: x, healthPath: '/api/health', port: 9000, transport: dual";
    Map<ChildKind, DesiredObject> without = children("{}", "{" + template + "}", CONFIG).objects();
    assertThat(children("{}", "{" + template + ", flavor: selkies}", CONFIG).objects())
        .isEqualTo(without);
    // Written by the release before flavors, for a template without one; pods since guests can
    // watch.
    assertThat(hash("{image: x}", ChildKind.POD)).isEqualTo("8752b8ec04e2f1bf");
    assertThat(hash("{image: x}", ChildKind.SERVICE)).isEqualTo("0ea1e9423c180632");
    assertThat(hash("{image: x}", ChildKind.ROUTE)).isEqualTo("e808b7fe06b2cde5");
    assertThat(
            hash(
                "{image: x, healthPath: '/api/health', port: 9000, transport: dual, encoder: x264enc}",
                ChildKind.POD))
        .isEqualTo("ca50c5e323b4bb78");
  }

  private static String hash(String template, ChildKind kind) {
    return object(children("{}", template, CONFIG), kind).hash();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {image: x, flavor: selkies1}    | SELKIES_ENCODER=nvh264enc SELKIES_BASIC_AUTH_PASSWORD=* SELKIES_ENABLE_BASIC_AUTH=true SELKIES_BASIC_AUTH_USER=ubuntu SELKIES_ENABLE_HTTPS=false NGINX_PORT=8080 SELKIES_TURN_HOST=127.0.0.1
          {image: x, flavor: linuxserver} | CUSTOM_USER=abc PASSWORD=* CUSTOM_PORT=3000 PUID=1000 PGID=1000
          {image: x, flavor: linuxserver, port: 9000, env: [{name: PUID, value: '7'}]} | CUSTOM_USER=abc PASSWORD=* CUSTOM_PORT=9000 PGID=1000 PUID=7
          {image: x, flavor: kasmvnc}     | VNC_PW=* NO_VNC_PORT=6901
          {image: x, flavor: custom, custom: {port: 80, passwordEnv: PW}} | PW=*
          {image: x, flavor: custom, custom: {port: 80, passwordEnv: PW, userEnv: US, user: me}} | US=me PW=*
          """)
  void theEnvironmentOfAFlavor(String template, String expected) {
    Map<String, String> env = env(children("{}", template, CONFIG));
    env.remove("NVIDIA_DRIVER_CAPABILITIES");
    assertThat(
            env.entrySet().stream()
                .map(e -> e.getKey() + "=" + e.getValue())
                .collect(Collectors.joining(" "))
                .replace(
                    "{\"secretKeyRef\":{\"key\":\"password\",\"name\":\"vdi-auth-desk\"}}", "*"))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {image: x, flavor: linuxserver} | 3000 | /config         | {"tcpSocket": {"port": "http"}}
          {image: x, flavor: kasmvnc}     | 6901 | /home/kasm-user | {"tcpSocket": {"port": "http"}}
          {image: x, flavor: custom, custom: {port: 80, passwordEnv: PW, healthPath: '/h'}} | 80 | /home/user | {"httpGet": {"path": "/h", "port": "http"}}
          {image: x, flavor: custom, custom: {port: 80, scheme: https, passwordEnv: PW, healthPath: '/h'}} | 80 | /home/user | {"httpGet": {"path": "/h", "port": "http", "scheme": "HTTPS"}}
          """)
  void thePodOfAFlavor(String template, int port, String homePath, String check) {
    DesiredState.Children children = children("{}", template, CONFIG);
    JsonObject container = container(children);
    assertThat(container.get("ports"))
        .isEqualTo(json("[{\"containerPort\": %d, \"name\": \"http\"}]".formatted(port)));
    assertThat(container.getAsJsonArray("volumeMounts").get(0))
        .isEqualTo(json("{\"mountPath\": \"%s\", \"name\": \"home\"}".formatted(homePath)));
    for (String name : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
      JsonObject probe = probe(container, name);
      probe.keySet().retainAll(List.of("tcpSocket", "httpGet"));
      assertThat(probe).as(name).isEqualTo(json(check));
    }
    assertThat(
            object(children, ChildKind.SERVICE)
                .body()
                .getAsJsonObject("spec")
                .getAsJsonArray("ports")
                .get(0))
        .as("routes of all flavors lead to the same port")
        .isEqualTo(json("{name: http, port: 8080, protocol: TCP, targetPort: http}"));
  }

  @Test
  void theRouteOfADesktopThatSpeaksHttps() {
    DesiredState.Children children = children("{}", "{image: x, flavor: kasmvnc}", CONFIG);
    assertThat(
            object(children, ChildKind.ROUTE)
                .body()
                .getAsJsonObject("spec")
                .getAsJsonArray("routes")
                .get(0)
                .getAsJsonObject()
                .getAsJsonArray("services")
                .get(0))
        .isEqualTo(json("{name: desk, port: 8080, scheme: https, serversTransport: vdi-desktop}"));
    SharedObject transport =
        ServersTransportBuilder.of(templateSpec("{image: x, flavor: kasmvnc}"), CONFIG)
            .orElseThrow();
    assertThat(transport.body().get("spec")).isEqualTo(json("{insecureSkipVerify: true}"));
    assertThat(transport.guardsRoutes()).isTrue();
    assertThat(ServersTransportBuilder.of(templateSpec("{image: x, flavor: linuxserver}"), CONFIG))
        .isEmpty();
  }

  @Test
  void theIngressOfADesktopThatSpeaksHttps() {
    SessionConfig ingress =
        with(
            new SessionConfig.Ingress(
                SessionConfig.IngressKind.INGRESS, Optional.empty(), List.of("websecure")),
            Optional.empty());
    DesiredState.Children children = children("{}", "{image: x, flavor: kasmvnc}", ingress);
    assertThat(
            annotations(object(children, ChildKind.ROUTE).body())
                .get("nginx.ingress.kubernetes.io/backend-protocol"))
        .isEqualTo(new JsonPrimitive("HTTPS"));
    JsonObject service = annotations(object(children, ChildKind.SERVICE).body());
    assertThat(service.get("traefik.ingress.kubernetes.io/service.serversscheme"))
        .isEqualTo(new JsonPrimitive("https"));
    assertThat(service.get("traefik.ingress.kubernetes.io/service.serverstransport"))
        .isEqualTo(new JsonPrimitive("desks-vdi-desktop@kubernetescrd"));
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
    SessionConfig without = with(ingress, Optional.empty());
    assertThat(
            annotations(object(children("{}", "{image: x}", without), ChildKind.ROUTE).patch())
                .get(annotation)
                .isJsonNull())
        .isTrue();
  }

  @Test
  void withKindGatewayTheRouteIsAnHttpRoute() {
    SessionConfig.ParentRef gateway =
        new SessionConfig.ParentRef(
            Optional.empty(),
            Optional.empty(),
            Optional.of("infra"),
            "traefik",
            Optional.of("websecure"),
            Optional.empty());
    SessionConfig.Ingress ingress =
        new SessionConfig.Ingress(
            SessionConfig.IngressKind.GATEWAY,
            Optional.empty(),
            List.of("websecure"),
            List.of(new SessionConfig.MiddlewareRef(Optional.empty(), "headers")),
            Map.of("team", "desks"),
            Map.of("example.com/zone", "inner"),
            List.of(gateway),
            false);
    DesiredObject route = object(children("{}", "{image: x}", withGate(ingress)), ChildKind.ROUTE);
    assertThat(route.body().get("apiVersion")).hasToString("\"gateway.networking.k8s.io/v1\"");
    assertThat(route.body().get("kind")).hasToString("\"HTTPRoute\"");
    assertThat(route.body().get("spec"))
        .isEqualTo(
            json(
                """
                {"parentRefs": [{"namespace": "infra", "name": "traefik", "sectionName": "websecure"}],
                 "hostnames": ["alice.vdi.example.com"],
                 "rules": [{
                   "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                   "filters": [
                     {"type": "ExtensionRef",
                      "extensionRef": {"group": "traefik.io", "kind": "Middleware", "name": "vdi-gate"}},
                     {"type": "ExtensionRef",
                      "extensionRef": {"group": "traefik.io", "kind": "Middleware", "name": "headers"}}],
                   "backendRefs": [{"name": "desk", "port": 8080}]}]}
                """));
    assertThat(route.patch().get("spec")).isEqualTo(route.body().get("spec"));
    assertThat(annotations(route.body()).get("vdi.kasm.io/access-mode")).hasToString("\"gate\"");
    assertThat(annotations(route.body()).get("vdi.kasm.io/host")).hasToString("\"alice\"");
    assertThat(annotations(route.body()).get("example.com/zone")).hasToString("\"inner\"");
    assertThat(route.body().getAsJsonObject("metadata").getAsJsonObject("labels").get("team"))
        .hasToString("\"desks\"");
    SessionConfig basic =
        with(
            new SessionConfig.Ingress(
                SessionConfig.IngressKind.GATEWAY,
                Optional.empty(),
                List.of("websecure"),
                List.of(),
                Map.of(),
                Map.of(),
                List.of(gateway),
                false),
            Optional.empty());
    DesiredObject without = object(children("{}", "{image: x}", basic), ChildKind.ROUTE);
    assertThat(without.body().get("spec").toString()).doesNotContain("filters");
    assertThat(without.hash()).isNotEqualTo(route.hash());
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

  @Test
  @DisplayName("The cluster IP cannot change, so it is neither in the patch nor in the hash")
  void aServiceIsHeadlessFromItsCreation() {
    DesiredObject headless = object(children("{}", "{image: x}", CONFIG), ChildKind.SERVICE);
    SessionConfig.Ingress ingress =
        new SessionConfig.Ingress(
            SessionConfig.IngressKind.NONE, Optional.empty(), List.of("websecure"));
    DesiredObject usual =
        object(children("{}", "{image: x}", with(ingress, Optional.empty())), ChildKind.SERVICE);
    assertThat(headless.body().getAsJsonObject("spec").get("clusterIP").getAsString())
        .isEqualTo("None");
    assertThat(usual.body().getAsJsonObject("spec").has("clusterIP")).isFalse();
    assertThat(headless.patch().getAsJsonObject("spec").has("clusterIP")).isFalse();
    assertThat(headless.hash()).isEqualTo(usual.hash());
  }

  @Test
  void anIngressOfIngressNginxAsksTheGateAndAnotherLeadsToItsPages() {
    SessionConfig.Ingress ingress =
        new SessionConfig.Ingress(
            SessionConfig.IngressKind.INGRESS,
            Optional.of("nginx"),
            List.of("websecure"),
            List.of(),
            Map.of("team", "desks"),
            Map.of("nginx.ingress.kubernetes.io/limit-rps", "50", "cert-manager.io/issuer", "ca"),
            List.of(),
            false);
    SessionConfig.Gate gate =
        SessionConfig.Gate.ofIngressNginx(
            new GateAddress(false, "vdi-gate.vdi-system.svc.cluster.local", 8082, "/forward-auth"));
    SessionConfig config = withGate(ingress, gate);
    DesiredObject route = object(children("{}", "{image: x}", config), ChildKind.ROUTE);
    JsonObject annotations = annotations(route.body());
    assertThat(annotations.get("nginx.ingress.kubernetes.io/auth-url").getAsString())
        .isEqualTo(
            "http://vdi-gate.vdi-system.svc.cluster.local:8082/forward-auth/nginx"
                + "?host=alice.vdi.example.com&method=$request_method&uri=$escaped_request_uri");
    assertThat(annotations.get("nginx.ingress.kubernetes.io/auth-signin").getAsString())
        .isEqualTo("https://alice.vdi.example.com/.vdi/open?rd=$escaped_request_uri");
    assertThat(annotations.get("nginx.ingress.kubernetes.io/auth-response-headers").getAsString())
        .isEqualTo("Authorization,Cookie");
    assertThat(annotations.get("vdi.kasm.io/access-mode").getAsString()).isEqualTo("gate");
    assertThat(annotations.get("nginx.ingress.kubernetes.io/proxy-buffer-size").getAsString())
        .isEqualTo("16k");
    assertThat(annotations.has("cert-manager.io/issuer")).isTrue();
    assertThat(annotations.has("traefik.ingress.kubernetes.io/router.middlewares")).isFalse();
    SessionConfig.Gate.ByIngressNginx nginx = config.ingressNginx().orElseThrow();
    SharedObject pages =
        IngressNginxBuilder.ingress(
            nginx, resolved("{}", "{image: x}", config).session(), "alice", config);
    assertThat(pages.name()).isEqualTo("0-vdi-gate-desk");
    JsonObject open = annotations(pages.body());
    assertThat(open.keySet()).noneMatch(name -> name.contains("/auth-"));
    assertThat(open.get("nginx.ingress.kubernetes.io/upstream-vhost").getAsString())
        .isEqualTo("alice.vdi.example.com");
    assertThat(open.get("nginx.ingress.kubernetes.io/limit-rps").getAsString()).isEqualTo("50");
    assertThat(open.get("nginx.ingress.kubernetes.io/proxy-buffer-size").getAsString())
        .isEqualTo("16k");
    assertThat(open.has("cert-manager.io/issuer")).isFalse();
    assertThat(pages.body().get("spec"))
        .isEqualTo(
            json(
                """
                {"ingressClassName": "nginx",
                 "tls": [{"hosts": ["alice.vdi.example.com"]}],
                 "rules": [{"host": "alice.vdi.example.com", "http": {"paths": [
                   {"path": "/.vdi", "pathType": "Prefix", "backend": {"service":
                     {"name": "vdi-gate-external", "port": {"number": 8082}}}}]}}]}
                """));
    assertThat(nginx.service().body().get("spec"))
        .isEqualTo(
            json(
                """
                {"type": "ExternalName", "externalName": "vdi-gate.vdi-system.svc.cluster.local",
                 "ports": [{"name": "gate", "port": 8082, "targetPort": 8082}]}
                """));
    // A change of the mode removes what an earlier one has set.
    JsonObject patch =
        object(
                children(
                    "{}", "{image: x}", withGate(ingress, SessionConfig.Gate.at("http://g/f"))),
                ChildKind.ROUTE)
            .patch();
    assertThat(annotations(patch).get("nginx.ingress.kubernetes.io/auth-url").isJsonNull())
        .isTrue();
  }

  private static SessionConfig withGate(SessionConfig.Ingress ingress) {
    return withGate(
        ingress, SessionConfig.Gate.at("http://vdi-gate.vdi-system.svc:8082/forward-auth"));
  }

  private static SessionConfig withGate(SessionConfig.Ingress ingress, SessionConfig.Gate gate) {
    return with(ingress, Optional.of(gate));
  }

  private static SessionConfig with(
      SessionConfig.Ingress ingress, Optional<SessionConfig.Gate> gate) {
    return new SessionConfig(
        CONFIG.domain(),
        ingress,
        CONFIG.tls(),
        CONFIG.turn(),
        CONFIG.network(),
        CONFIG.access(),
        gate);
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
                meta.ownerReferences(),
                0),
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
    VdiTemplate.Spec templateSpec = templateSpec(template);
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

  private static VdiTemplate.Spec templateSpec(String template) {
    return KubeGson.gson().fromJson(template, VdiTemplate.Spec.class);
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
