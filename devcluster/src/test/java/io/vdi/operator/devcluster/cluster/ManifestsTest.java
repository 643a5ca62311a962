package io.vdi.operator.devcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vdi.operator.common.kube.KubeClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestsTest {
  @TempDir private Path folder;
  private final List<String> requests = new ArrayList<>();
  private final Map<String, JsonObject> written = new ConcurrentHashMap<>();
  private final Set<String> existing = ConcurrentHashMap.newKeySet();
  private HttpServer server;
  private KubeClient api;

  @BeforeEach
  void startApiServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    Path kubeconfig = folder.resolve("kubeconfig");
    Files.writeString(
        kubeconfig,
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: c, cluster: {server: "http://127.0.0.1:%d"}}]
        users: [{name: u, user: {token: t}}]
        contexts: [{name: x, context: {cluster: c, user: u}}]
        current-context: x
        """
            .formatted(server.getAddress().getPort()));
    api = Cluster.connect(kubeconfig);
  }

  @AfterEach
  void stopApiServer() {
    api.close();
    server.stop(0);
  }

  @Test
  void parsesTheDocumentsOfAText() {
    assertThat(Manifests.parse("{a: 1}\n---\n---\n# nothing\n---\nb: [x, {c: true}]\n"))
        .map(JsonObject::toString)
        .containsExactly("{\"a\":1}", "{\"b\":[\"x\",{\"c\":true}]}");
  }

  @Test
  void keepsEmptyObjectsAndQuotedNumbers() {
    assertThat(Manifests.parse("{status: {}, ttl: \"0\", none: null}").getFirst())
        .hasToString("{\"status\":{},\"ttl\":\"0\"}");
  }

  @Test
  void createsInTheNamespaceOfTheManifestOrElseTheGivenOne() {
    Manifests.apply(
        api,
        """
        {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: own}}
        ---
        {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: b}}
        """,
        "given");
    Manifests.apply(api, "{apiVersion: v1, kind: Secret, metadata: {name: c}}");
    assertThat(requests)
        .containsExactly(
            "POST /api/v1/namespaces/own/pods",
            "POST /apis/networking.k8s.io/v1/namespaces/given/ingresses",
            "POST /api/v1/namespaces/default/secrets");
  }

  @Test
  void createsClusterScopedObjectsWithoutANamespace() {
    Manifests.apply(
        api,
        """
        {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}}
        ---
        {apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: b}}
        """,
        "given");
    assertThat(requests)
        .containsExactly(
            "POST /apis/storage.k8s.io/v1/storageclasses",
            "POST /apis/vdi.kasm.io/v1alpha1/vditemplates");
  }

  @Test
  void replacesAnObjectThatExists() {
    existing.add("/api/v1/nodes");
    Manifests.apply(api, "{apiVersion: v1, kind: Node, metadata: {name: n, labels: {a: b}}}");
    assertThat(requests)
        .containsExactly("POST /api/v1/nodes", "GET /api/v1/nodes/n", "PUT /api/v1/nodes/n");
    assertThat(written.get("PUT /api/v1/nodes/n").getAsJsonObject("metadata"))
        .hasToString("{\"name\":\"n\",\"labels\":{\"a\":\"b\"},\"resourceVersion\":\"41\"}");
  }

  @Test
  void aRejectionIsAnError() {
    assertThatThrownBy(
            () -> Manifests.apply(api, "{apiVersion: v1, kind: Pod, metadata: {name: refused}}"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no such field");
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String request = exchange.getRequestMethod() + " " + path;
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    requests.add(request);
    if (!body.isEmpty()) {
      written.put(request, JsonParser.parseString(body).getAsJsonObject());
    }
    if (body.contains("refused")) {
      reply(exchange, 422, status("Invalid", "no such field"));
    } else if (request.startsWith("POST") && existing.contains(path)) {
      reply(exchange, 409, status("AlreadyExists", "it exists"));
    } else {
      reply(exchange, 200, "{\"kind\": \"Any\", \"metadata\": {\"resourceVersion\": \"41\"}}");
    }
  }

  private static String status(String reason, String message) {
    return """
    {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "%s", "message": "%s"}
    """
        .formatted(reason, message);
  }

  private static void reply(HttpExchange exchange, int code, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
