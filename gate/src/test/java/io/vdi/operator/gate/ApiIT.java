package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.vdi.operator.cli.Main;
import io.vdi.operator.cli.TestConsole;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.testing.ApiServerAuditLog;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import io.vdi.operator.gate.TestGate.Answer;
import io.vdi.operator.gate.signin.TestProvider;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The API of two gates with the permissions of the chart, at a real API server with the real
 * admission webhook: who does what by its audit log.
 */
class ApiIT {
  private static final String SESSIONS = "/api/v1/sessions";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private static Path folder;
  private static GateCluster installation;
  private static KubeClient root;
  private static TestProvider provider;
  private static TestGate gate;
  private static TestGate other;
  private static ApiClient api;

  @BeforeAll
  static void start() throws Exception {
    installation = new GateCluster(folder, new SimulatedNodes.Spec(0, 0, 0));
    root = installation.root;
    provider = installation.provider;
    installation.install("");
    Manifests.apply(
        root,
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: base}
        spec: {image: desktop, resources: {maxGPU: 1}, maxTimeout: 12h}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: vdi-admins}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'oidc:vdi-admins'}]
        """);
    gate = gate();
    other = gate();
    api = new ApiClient(gate.portalPort());
  }

  private static TestGate gate() throws Exception {
    return installation.gate(
        Map.of(
            "vdiConfig_GATE_DESKTOPS_LINKS", "view",
            "vdiConfig_GATE_NAMESPACE", "vdi-{user}",
            "vdiConfig_GATE_CREATE_NAMESPACES", "true"));
  }

  @AfterAll
  static void stop() throws Exception {
    if (api != null) {
      api.close();
    }
    if (installation != null) {
      installation.stop(ApiIT.class);
    }
  }

  private static String token(String name, String... groups) {
    return ApiClient.token(provider, name + "@example.com", groups);
  }

  private static String create(String token) {
    ApiClient.Answer created = api.post(token, SESSIONS, "{\"template\": \"base\"}");
    assertThat(created.status()).as(created.body()).isEqualTo(201);
    return created.header("Location").orElseThrow();
  }

  /** The requests of the gate to sessions: verb, and the user as whom it acted. */
  private static Set<String> acts(String namespace) {
    return installation.audit.read(entries ->
        entries
            .filter(entry ->
                entry.has("objectRef")
                    && ApiServerAuditLog.resource(entry).equals("vdisessions")
                    && entry.getAsJsonObject("objectRef").has("namespace")
                    && entry
                        .getAsJsonObject("objectRef")
                        .get("namespace")
                        .getAsString()
                        .equals(namespace)
                    && entry
                        .getAsJsonObject("user")
                        .get("username")
                        .getAsString()
                        .endsWith(":vdi-gate")
                    && entry.has("impersonatedUser"))
            .map(entry ->
                entry.get("verb").getAsString()
                    + " as "
                    + entry.getAsJsonObject("impersonatedUser").get("username").getAsString()
                    + " "
                    + entry.getAsJsonObject("responseStatus").get("code").getAsInt())
            .collect(Collectors.toSet()));
  }

  @Test
  @DisplayName("keys that are due are published beside those that sign")
  void keyRotation() throws Exception {
    assertThat(publishedKeys()).hasSize(1);
    Instant first =
        Instant.parse(publishedKeys().get(0).getAsJsonObject().get("publishedAt").getAsString());
    // One second longer than a sign-in lasts: the next keys must be known that long before.
    await().until(() -> Instant.now().isAfter(first.plusSeconds(1)));
    installation.gate(
        Map.of("vdiConfig_GATE_SIGN_IN_LIFETIME", "10h", "vdiConfig_GATE_KEYS_ROTATION", "36001s"));
    // The gate is ready when it has read the keys; it writes the next ones after that.
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(publishedKeys()).hasSize(2));
  }

  private static JsonArray publishedKeys() {
    String keys =
        root.request("GET", ResourceType.SECRET.path(GateCluster.NAMESPACE, "vdi-gate-keys"), null)
            .orElseThrow()
            .getAsJsonObject("data")
            .get("keys.json")
            .getAsString();
    return JsonParser.parseString(
            new String(Base64.getDecoder().decode(keys), StandardCharsets.UTF_8))
        .getAsJsonArray();
  }

  @Test
  @DisplayName("alice starts, suspends and deletes a session; the audit log names alice")
  void alice() {
    String alice = token("alice", "artists");
    String session = create(alice);
    assertThat(session).startsWith(SESSIONS + "/vdi-alice-example-com/");
    VdiSession created =
        root.get(ResourceType.SESSION, "vdi-alice-example-com", name(session)).orElseThrow();
    // The webhook knows the user by the e-mail address, and has added the defaults.
    assertThat(created.metadata().annotation("vdi.kasm.io/created-by"))
        .contains("oidc:alice@example.com");
    assertThat(created.spec().timeout()).isEqualTo("8h");
    assertThat(api.patch(alice, session, "{\"suspended\": true}").status()).isEqualTo(200);
    ApiClient.Answer deleted = api.delete(alice, session + "?home=retain");
    assertThat(deleted.status()).as(deleted.body()).isEqualTo(200);
    assertThat(api.get(alice, session).status()).isEqualTo(404);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(acts("vdi-alice-example-com"))
                .contains(
                    "create as oidc:alice@example.com 201",
                    "patch as oidc:alice@example.com 200",
                    "delete as oidc:alice@example.com 200"));
  }

  @Test
  @DisplayName("a template that the gate does not know is looked up at the API server")
  void unknownTemplate() {
    ApiClient.Answer missing = api.post(token("olga"), SESSIONS, "{\"template\": \"no-such\"}");
    assertThat(missing.status()).isEqualTo(422);
    assertThat(missing.detail()).isEqualTo("Template not found: no-such");
    // 404: the gate has the permission to read it.
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(
                    installation.audit.<List<Integer>>read(entries ->
                        entries
                            .filter(
                                entry -> entry.get("requestURI").getAsString().endsWith("/no-such"))
                            .map(entry ->
                                entry.getAsJsonObject("responseStatus").get("code").getAsInt())
                            .toList()))
                .containsExactly(404));
  }

  @Test
  @DisplayName("bob cannot see or change dave's session; an admin can")
  void others() {
    String session = create(token("dave"));
    String bob = token("bob");
    assertThat(api.get(bob, session).status()).isEqualTo(404);
    assertThat(api.patch(bob, session, "{\"suspended\": true}").status()).isEqualTo(404);
    assertThat(api.delete(bob, session).status()).isEqualTo(404);
    String admin = token("carol", "vdi-admins");
    assertThat(api.get(admin, session).status()).isEqualTo(200);
    ApiClient.Answer suspended = api.patch(admin, session, "{\"suspended\": true}");
    assertThat(suspended.status()).as(suspended.body()).isEqualTo(200);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(acts("vdi-dave-example-com"))
                .contains("patch as oidc:carol@example.com 200"));
  }

  @Test
  @DisplayName("what RBAC forbids is a 403 with the words of the API server")
  void rbac() {
    String erin = token("erin");
    String session = create(erin);
    for (JsonElement binding :
        root.request("GET", bindings("vdi-erin-example-com"), null)
            .orElseThrow()
            .getAsJsonArray("items")) {
      String name = binding.getAsJsonObject().getAsJsonObject("metadata").get("name").getAsString();
      root.request("DELETE", bindings("vdi-erin-example-com") + "/" + name, null).orElseThrow();
    }
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          ApiClient.Answer answer = api.patch(erin, session, "{\"extendBy\": \"1m\"}");
          assertThat(answer.status()).isEqualTo(403);
          assertThat(answer.detail())
              .contains(
                  "User \"oidc:erin@example.com\" cannot patch resource \"vdisessions\" in API group"
                      + " \"vdi.kasm.io\" in the namespace \"vdi-erin-example-com\"");
        });
  }

  private static String bindings(String namespace) {
    return "/apis/rbac.authorization.k8s.io/v1/namespaces/" + namespace + "/rolebindings";
  }

  @Test
  @DisplayName("a user reads the own use with the permissions of the chart")
  void usage() {
    ApiClient.Answer answer = api.get(token("uma"), "/api/v1/usage?by=user,month");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().getAsJsonArray("items")).isEmpty();
  }

  @Test
  @DisplayName("what the webhook denies is a 422 with its words and the field")
  void webhookDenies() {
    ApiClient.Answer answer =
        api.post(token("frank"), SESSIONS, "{\"template\": \"base\", \"resources\": {\"gpu\": 4}}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(422);
    assertThat(answer.field()).isEqualTo("resources.gpu");
    assertThat(answer.detail())
        .startsWith("spec.resources.gpu 4: is more than template base allows");
  }

  @Test
  @DisplayName("two gates create one namespace, with one set of bindings")
  void oneNamespace() throws Exception {
    String grace = token("grace");
    Set<String> paths;
    try (ApiClient second = new ApiClient(other.portalPort());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<ApiClient.Answer>> calls = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        ApiClient client = i % 2 == 0 ? api : second;
        calls.add(() -> client.post(grace, SESSIONS, "{\"template\": \"base\"}"));
      }
      paths =
          threads.invokeAll(calls).stream()
              .map(call -> {
                ApiClient.Answer answer = call.resultNow();
                assertThat(answer.status()).as(answer.body()).isEqualTo(201);
                return answer.json().get("namespace").getAsString();
              })
              .collect(Collectors.toSet());
    }
    assertThat(paths).containsExactly("vdi-grace-example-com");
    assertThat(
            root.request("GET", bindings("vdi-grace-example-com"), null)
                .orElseThrow()
                .getAsJsonArray("items"))
        .hasSize(2);
  }

  @Test
  @DisplayName("alice deletes a retained home in the own namespace, and nobody else's")
  void homes() {
    String heidi = token("heidi");
    create(heidi);
    for (String name : List.of("vdi-heidi-example-com", "default")) {
      Manifests.apply(
          root,
          """
          apiVersion: v1
          kind: PersistentVolumeClaim
          metadata:
            name: vdi-data-old
            labels: {app.kubernetes.io/managed-by: vdi-operator, app.kubernetes.io/instance: old}
            annotations: {vdi.kasm.io/user: heidi@example.com}
          spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
          """,
          name);
    }
    await()
        .atMost(PATIENCE)
        .until(() -> api.get(heidi, "/api/v1/homes").json().getAsJsonArray("items").size() == 2);
    assertThat(api.delete(heidi, "/api/v1/homes/vdi-heidi-example-com/old").status())
        .isEqualTo(200);
    ApiClient.Answer elsewhere = api.delete(heidi, "/api/v1/homes/default/old");
    assertThat(elsewhere.status()).isEqualTo(403);
    assertThat(elsewhere.detail()).contains("cannot delete resource \"persistentvolumeclaims\"");
    assertThat(api.delete(token("bob"), "/api/v1/homes/default/old").status()).isEqualTo(404);
  }

  @Test
  @DisplayName("judy shares with ken; an admin who watches is listed, and there is an Event")
  void sharing() throws Exception {
    String judy = token("judy");
    String session = create(judy);
    String namespace = "vdi-judy-example-com";
    ApiClient.Answer shared =
        api.post(judy, session + "/shares", "{\"user\": \"ken@example.com\"}");
    assertThat(shared.status()).as(shared.body()).isEqualTo(200);
    ApiClient.Answer refused =
        api.post(judy, session + "/shares", "{\"user\": \"judy@example.com\"}");
    assertThat(refused.status()).as(refused.body()).isEqualTo(422);
    assertThat(api.post(token("ken"), session + "/shares", "{\"user\": \"x@y.zz\"}").status())
        .isEqualTo(404);
    VdiSession created = root.get(ResourceType.SESSION, namespace, name(session)).orElseThrow();
    assertThat(created.spec().shares())
        .containsExactly(new Share("ken@example.com", ShareRole.VIEW, null));
    running(created);
    provider.user("carol@example.com", "vdi-admins");
    try (TestGate.Browser browser = gate.new Browser()) {
      String host = "judy.example.com";
      await().atMost(PATIENCE).until(() -> browser.navigate(host, "/").status() == 303);
      Answer ticket = browser.portal(browser.signInFrom(provider, host, "/.vdi/watch"));
      assertThat(browser.take(host, ticket).status()).isEqualTo(303);
      assertThat(browser.webSocket(host).status()).isEqualTo(200);
    }
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          try (ApiClient second = new ApiClient(other.portalPort())) {
            assertThat(second.get(judy, session).json().getAsJsonArray("visitors").toString())
                .contains("carol@example.com", "watch");
          }
          assertThat(
                  root.request("GET", "/api/v1/namespaces/" + namespace + "/events", null)
                      .orElseThrow()
                      .toString())
              .contains("carol@example.com watches this desktop as an admin");
        });
    assertThat(api.delete(judy, session + "/shares?user=ken@example.com").status()).isEqualTo(200);
    watchByLink(judy, session);
    watchByLinkOfThePlugin(namespace, name(session));
  }

  /** The schema accepts a link, and its guest gets in while it exists. */
  private static void watchByLink(String judy, String session) {
    ApiClient.Answer made =
        api.post(
            judy,
            session + "/links",
            "{\"until\": \"%s\"}".formatted(Instant.now().plus(Duration.ofHours(1))));
    assertThat(made.status()).as(made.body()).isEqualTo(201);
    String user = made.json().get("user").getAsString();
    watch(
        made.json().get("url").getAsString(),
        () ->
            assertThat(api.delete(judy, session + "/shares?user=" + user).status()).isEqualTo(200));
  }

  /** The plugin knows the portal from the ConfigMap of the chart. */
  private static void watchByLinkOfThePlugin(String namespace, String session) {
    Manifests.apply(
        root,
        Helm.offline()
            .template(
                ServiceUnderTest.CHART,
                GateCluster.NAMESPACE,
                "--show-only=templates/configmap.yaml",
                "--set=gate.enabled=true,gate.publicUrl="
                    + TestGate.PORTAL
                    + ",gate.oidc.issuer=https://login.example.com,gate.oidc.clientId=vdi,gate.desktops.links=view"));
    String printed = plugin("share", session, "-n", namespace, "--link", "--for=1h");
    Matcher command = Pattern.compile("kubectl vdi (unshare .*)").matcher(printed);
    Matcher url = Pattern.compile("https://\\S+").matcher(printed);
    assertThat(command.find() && url.find()).as(printed).isTrue();
    watch(
        url.group(),
        () ->
            assertThat(plugin(command.group(1).split(" ")))
                .contains("/" + session + " is no longer shared with link:"));
  }

  private static String plugin(String... arguments) {
    TestConsole console =
        new TestConsole(
            0, false, Map.of("KUBECONFIG", installation.cluster.kubeconfig().toString()));
    assertThat(Main.run(console.console(), arguments)).as(console.err()).isZero();
    return console.out();
  }

  /** A guest watches judy's desktop by this link, until it is ended. */
  private static void watch(String url, Runnable end) {
    String host = "judy.example.com";
    try (TestGate.Browser guest = gate.new Browser()) {
      Map<String, String> form = Map.of("code", URI.create(url).getFragment());
      await()
          .atMost(PATIENCE)
          .until(() -> guest.post("/link", form, "Origin", TestGate.PORTAL).status() == 200);
      Answer ticket = guest.portalFrom(host, "/.vdi/link");
      assertThat(guest.take(host, ticket).status()).isEqualTo(303);
      assertThat(guest.webSocket(host).status()).isEqualTo(200);
      end.run();
      await().atMost(PATIENCE).until(() -> guest.webSocket(host).status() == 403);
    }
  }

  /** Makes the session one of a desktop that runs, as the controller would. */
  private static void running(VdiSession session) throws Exception {
    String owner =
        "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDISession, name: %s, uid: %s, controller: true}"
            .formatted(session.name(), session.uid());
    Manifests.apply(
        root,
        """
        apiVersion: v1
        kind: Secret
        metadata:
          name: vdi-auth-%1$s
          annotations: {vdi.kasm.io/viewer-password-since: '2026-01-01T00:00:00Z'}
          ownerReferences: [%2$s]
        stringData: {password: owner, viewer-password: view}
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: %1$s
          labels: {app.kubernetes.io/managed-by: vdi-operator, app.kubernetes.io/instance: %1$s}
          ownerReferences: [%2$s]
        spec:
          automountServiceAccountToken: false
          containers: [{name: selkies, image: desktop}]
        """
            .formatted(session.name(), owner),
        session.namespace());
    KubeClient controller =
        Cluster.connect(
            installation.cluster.serviceAccountKubeconfig(
                GateCluster.NAMESPACE, "vdi-controller", folder.resolve("controller.kubeconfig")));
    controller
        .mergePatchStatus(
            ResourceType.SESSION,
            session.namespace(),
            session.name(),
            Manifests.parse("{status: {phase: Running, url: 'https://judy.example.com'}}")
                .getFirst())
        .orElseThrow();
  }

  private static String name(String location) {
    return location.substring(location.lastIndexOf('/') + 1);
  }
}
