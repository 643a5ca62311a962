package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.gate.api.rest.ApiOperation;
import io.vdi.operator.gate.api.rest.OpenApiDocument;
import io.vdi.operator.gate.signin.TestProvider;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import okhttp3.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The document of the API and the running gate say the same. */
class ContractTest {
  private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete");
  private static final String ALICE = "/sessions/desks/alice";

  private final FakeApiServer server = TestGate.apiServer();
  private final TestProvider provider = TestProvider.start();
  private final JsonObject document = OpenApiDocument.read();
  private final SchemaRegistry schemas =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
  private final String alice = ApiClient.token(provider, "alice@example.com");
  private final String admin = ApiClient.token(provider, "carol@example.com", "admins");
  private TestGate gate;
  private ApiClient api;

  /**
   * A request to an operation.
   *
   * @param operation such as {@code GET /sessions/{namespace}/{name}}
   * @param path with values
   */
  private record Probe(
      String operation, String path, String token, String body, int status, List<String> headers) {
    Probe(String operation, String path, String token, String body, int status) {
      this(operation, path, token, body, status, List.of());
    }
  }

  @BeforeEach
  void start() throws Exception {
    server.put(
        ResourceType.TEMPLATE,
        """
        {metadata: {name: base, uid: t1}, spec: {image: desktop, displayName: Base,
          description: 'For everybody', icon: gpu, maxTimeout: 24h, idleTimeout: 30m,
          resources: {maxGPU: 2, maxMemory: 8Gi, maxCPU: '4'}, persistence: {maxSize: 50Gi}}}
        """);
    TestGate.session(server, "alice", "uid-alice");
    server.put(
        ResourceType.SESSION,
        """
        {metadata: {name: stuck, namespace: desks, uid: u2, generation: 1,
           creationTimestamp: '2026-01-01T00:00:00Z'},
         spec: {user: 'alice@example.com', template: missing},
         status: {phase: Failed, message: 'Template not found: missing', observedGeneration: 1,
           conditions: [{type: TemplateResolved, status: 'False', reason: TemplateNotFound}]}}
        """);
    server.put(
        ResourceType.PERSISTENT_VOLUME_CLAIM,
        """
        {metadata: {name: vdi-data-old, namespace: desks, uid: h1,
           labels: {'app.kubernetes.io/managed-by': vdi-operator, 'app.kubernetes.io/instance': old},
           annotations: {'vdi.kasm.io/user': 'alice@example.com', 'vdi.kasm.io/template': base,
             'vdi.kasm.io/released-at': '2026-01-01T00:00:00Z'}},
         spec: {resources: {requests: {storage: 10Gi}}}}
        """);
    server.put(
        ResourceType.USAGE,
        """
        {metadata: {name: pod-1, namespace: vdi,
           labels: {'vdi.kasm.io/usage': open, 'vdi.kasm.io/user': 'alice-example.com'}},
         spec: {session: {namespace: desks, name: alice, uid: uid-alice}, user: 'alice@example.com',
           groups: [lab], template: base, gpu: {resource: 'nvidia.com/gpu', count: 2},
           start: '2026-01-01T00:00:00Z'}}
        """);
    server.put(ResourceType.NAMESPACE, "{metadata: {name: desktops, uid: n1}}");
    gate =
        new TestGate(
            server,
            provider.issuer(),
            Map.of(
                "vdiConfig_QUOTA_USER_GPUS", "1",
                "vdiConfig_QUOTA_BUDGETS_USER_GPU_HOURS", "5",
                "vdiConfig_GATE_DESKTOPS_LINKS", "view",
                "vdiConfig_GATE_API_REQUESTS_PER_SECOND", "1000"));
    api = new ApiClient(gate.portalPort());
    await().until(() -> api.get(admin, "/api/v1/sessions").json().get("total").getAsInt() == 2);
  }

  @AfterEach
  void stop() {
    api.close();
    gate.close();
    provider.close();
    server.close();
  }

  private static Set<String> operations(JsonObject document) {
    Set<String> operations = new TreeSet<>();
    document
        .getAsJsonObject("paths")
        .entrySet()
        .forEach(path ->
            path.getValue().getAsJsonObject().keySet().stream()
                .filter(METHODS::contains)
                .forEach(method ->
                    operations.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
    return operations;
  }

  @Test
  @DisplayName("the gate has every operation of the document, and no other")
  void sameOperations() {
    Set<String> served = new TreeSet<>();
    gate.gate().apiRoutes().operations().stream().map(ApiOperation::toString).forEach(served::add);
    assertThat(served).isEqualTo(operations(document));
  }

  @Test
  @DisplayName("the document is served, is the resource, and every reference in it has a target")
  void served() {
    ApiClient.Answer answer = api.get("", "/api/v1/openapi.json");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json()).isEqualTo(document);
    assertThat(document.get("openapi").getAsString()).isEqualTo("3.1.0");
    assertReferences(document);
  }

  private void assertReferences(JsonElement element) {
    if (element.isJsonArray()) {
      element.getAsJsonArray().forEach(this::assertReferences);
    } else if (element.isJsonObject()) {
      element
          .getAsJsonObject()
          .entrySet()
          .forEach(entry -> {
            if (entry.getKey().equals("$ref")) {
              assertThat(resolve(entry.getValue().getAsString()).isEmpty())
                  .as(entry.getValue().toString())
                  .isFalse();
            } else {
              assertReferences(entry.getValue());
            }
          });
    }
  }

  private JsonObject resolve(String reference) {
    JsonObject here = document;
    for (String part : reference.substring(2).split("/", -1)) {
      here = here.getAsJsonObject(part);
      assertThat(here).as(reference).isNotNull();
    }
    return here;
  }

  private JsonObject resolved(JsonObject object) {
    return object.has("$ref") ? resolve(object.get("$ref").getAsString()) : object;
  }

  private List<Probe> probes() {
    String created = "{\"template\": \"base\", \"name\": \"%s\", \"resources\": {\"cpu\": 2}}";
    List<Probe> probes = new ArrayList<>();
    for (String path :
        List.of("/me", "/templates", "/sessions", "/shared", "/homes", "/usage", "/budgets")) {
      probes.add(new Probe("GET " + path, path, alice, "", 200));
      probes.add(new Probe("GET " + path, path + "?x=1", alice, "", 400));
      probes.add(new Probe("GET " + path, path, "wrong", "", 401));
    }
    probes.add(new Probe("GET /usage", "/usage", admin, "", 200));
    probes.add(new Probe("GET /usage", "/usage?by=user,group,template,month", alice, "", 200));
    probes.add(new Probe("GET /usage", "/usage?from=2026-01-01&to=2026-02-01", admin, "", 200));
    probes.add(new Probe("GET /budgets", "/budgets", admin, "", 200));
    probes.add(new Probe("GET /usage", "/usage?by=x", alice, "", 400));
    probes.add(new Probe("GET /usage", "/usage?from=yesterday", alice, "", 400));
    probes.add(new Probe("GET /usage", "/usage?format=xml", alice, "", 400));
    probes.add(new Probe("GET /openapi.json", "/openapi.json", "", "", 200));
    String one = "/sessions/{namespace}/{name}";
    for (String suffix : List.of("", "/diagnosis")) {
      for (String name : List.of("alice", "stuck")) {
        probes.add(
            new Probe("GET " + one + suffix, "/sessions/desks/" + name + suffix, alice, "", 200));
      }
      probes.add(new Probe("GET " + one + suffix, "/sessions/desks/no" + suffix, alice, "", 404));
      probes.add(new Probe("GET " + one + suffix, ALICE + suffix, "", "", 401));
    }
    probes.add(new Probe("GET " + one + "/events", "/sessions/desks/no/events", alice, "", 404));
    probes.add(new Probe("POST /sessions", "/sessions", alice, created.formatted("new"), 201));
    probes.add(new Probe("POST /sessions", "/sessions", alice, created.formatted("new"), 409));
    probes.add(new Probe("POST /sessions", "/sessions", alice, "{\"x\": 1}", 422));
    probes.add(new Probe("POST /sessions", "/sessions", alice, "[", 400));
    probes.add(new Probe("POST /sessions", "/sessions", "", "{}", 401));
    probes.add(
        new Probe(
            "POST /sessions",
            "/sessions",
            alice,
            "{\"template\": \"base\", \"user\": \"bob@example.com\"}",
            403));
    probes.add(new Probe("POST /sessions", "/sessions", alice, " ".repeat(20_000), 413));
    probes.add(
        new Probe(
            "POST /sessions", "/sessions", alice, "x", 415, List.of("Content-Type", "text/plain")));
    probes.add(new Probe("PATCH " + one, ALICE, alice, "{\"suspended\": true}", 200));
    probes.add(
        new Probe(
            "PATCH " + one,
            ALICE,
            alice,
            "{\"suspended\": false}",
            200,
            List.of("Content-Type", "application/merge-patch+json")));
    probes.add(new Probe("PATCH " + one, ALICE, alice, "{\"x\": true}", 422));
    probes.add(
        new Probe(
            "PATCH " + one,
            ALICE,
            alice,
            "{}",
            412,
            List.of("If-Match", "\"1.00\"", "Content-Type", "application/json")));
    probes.add(new Probe("PATCH " + one, "/sessions/desks/no", alice, "{}", 404));
    String shares = one + "/shares";
    String bob = "{\"user\": \"bob@example.com\"%s}";
    for (String more :
        List.of("", ", \"role\": \"control\", \"until\": \"2100-01-01T00:00:00+01:00\"")) {
      probes.add(new Probe("POST " + shares, ALICE + "/shares", alice, bob.formatted(more), 200));
    }
    for (String more : List.of(", \"role\": \"x\"", ", \"until\": \"soon\"", ", \"x\": 1")) {
      probes.add(new Probe("POST " + shares, ALICE + "/shares", alice, bob.formatted(more), 422));
    }
    probes.add(
        new Probe("POST " + shares, "/sessions/desks/no/shares", alice, bob.formatted(""), 404));
    probes.add(new Probe("GET " + one, ALICE, alice, "", 200));
    probes.add(new Probe("DELETE " + shares, ALICE + "/shares", alice, "", 400));
    probes.add(
        new Probe("DELETE " + shares, ALICE + "/shares?user=bob@example.com", alice, "", 200));
    probes.add(new Probe("DELETE " + shares, "/sessions/desks/no/shares?user=b", alice, "", 404));
    String links = "POST " + one + "/links";
    String until =
        "{\"until\": \"%s\"}"
            .formatted(Instant.now().plusSeconds(3600).truncatedTo(ChronoUnit.SECONDS));
    probes.add(new Probe(links, ALICE + "/links", alice, until, 201));
    probes.add(new Probe(links, ALICE + "/links", alice, "{}", 422));
    probes.add(new Probe(links, ALICE + "/links", alice, "[", 400));
    probes.add(new Probe(links, ALICE + "/links", "", until, 401));
    probes.add(new Probe(links, "/sessions/desks/no/links", alice, until, 404));
    probes.add(new Probe("DELETE " + one, ALICE + "?home=x", alice, "", 400));
    probes.add(new Probe("DELETE " + one, "/sessions/desks/no", alice, "", 404));
    probes.add(new Probe("DELETE " + one, ALICE + "?home=delete", alice, "", 200));
    String home = "DELETE /homes/{namespace}/{name}";
    probes.add(new Probe(home, "/homes/desks/no", alice, "", 404));
    probes.add(new Probe(home, "/homes/desks/old", alice, "", 200));
    return probes;
  }

  @Test
  @DisplayName("every answer is one that the document has, and satisfies its schema")
  void answers() throws Exception {
    Set<String> succeeded = new TreeSet<>();
    for (Probe probe : probes()) {
      String method = probe.operation().substring(0, probe.operation().indexOf(' '));
      boolean typed = probe.headers().contains("Content-Type");
      ApiClient.Answer answer =
          typed || probe.body().isEmpty()
              ? api.send(
                  method,
                  probe.token(),
                  "/api/v1" + probe.path(),
                  probe.body(),
                  probe.headers().toArray(String[]::new))
              : api.send(
                  method,
                  probe.token(),
                  "/api/v1" + probe.path(),
                  probe.body(),
                  "Content-Type",
                  "application/json");
      assertThat(answer.status()).as(probe + " " + answer.body()).isEqualTo(probe.status());
      assertDocumented(probe, answer);
      if (answer.status() < 300) {
        succeeded.add(probe.operation());
      }
    }
    try (Response response = api.open(alice, "/api/v1/sessions/desks/stuck/events")) {
      assertThat(response.code()).isEqualTo(200);
      response.body().source().readUtf8LineStrict();
      String data = "";
      while (!data.startsWith("data: ")) {
        data = response.body().source().readUtf8LineStrict();
      }
      JsonObject schema = new JsonObject();
      schema.addProperty("$ref", "#/components/schemas/Session");
      assertThat(errors(schema, data.substring("data: ".length()))).isEmpty();
      succeeded.add("GET /sessions/{namespace}/{name}/events");
    }
    assertThat(succeeded).isEqualTo(operations(document));
  }

  private void assertDocumented(Probe probe, ApiClient.Answer answer) {
    String path = probe.operation().substring(probe.operation().indexOf(' ') + 1);
    String method = probe.operation().substring(0, probe.operation().indexOf(' '));
    JsonObject responses =
        document
            .getAsJsonObject("paths")
            .getAsJsonObject(path)
            .getAsJsonObject(method.toLowerCase(Locale.ROOT))
            .getAsJsonObject("responses");
    assertThat(responses.keySet()).as(probe.toString()).contains(String.valueOf(answer.status()));
    JsonObject response = resolved(responses.getAsJsonObject(String.valueOf(answer.status())));
    Optional.ofNullable(response.getAsJsonObject("headers"))
        .ifPresent(headers ->
            headers
                .keySet()
                .forEach(name -> assertThat(answer.header(name)).as(probe + name).isPresent()));
    JsonObject content = response.getAsJsonObject("content");
    String type = answer.header("Content-Type").orElse("");
    assertThat(content.keySet()).as(probe.toString()).contains(type);
    assertThat(errors(content.getAsJsonObject(type).getAsJsonObject("schema"), answer.body()))
        .as(probe + " " + answer.body())
        .isEmpty();
  }

  private List<Error> errors(JsonObject schema, String body) {
    JsonObject whole = schema.deepCopy();
    whole.add("components", document.getAsJsonObject("components"));
    return schemas
        .getSchema(whole.toString(), InputFormat.JSON)
        .validate(
            body,
            InputFormat.JSON,
            context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)));
  }
}
