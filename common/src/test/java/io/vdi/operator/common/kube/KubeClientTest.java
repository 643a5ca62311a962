package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.common.testing.FakeApiServer.Request;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class KubeClientTest {
  private static final String SESSIONS = "/apis/vdi.kasm.io/v1alpha1/namespaces/team/vdisessions";

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();

  @AfterEach
  void stop() {
    api.close();
    server.close();
  }

  @Test
  @DisplayName("get reads one object with the token of the kubeconfig")
  void get() {
    server.put(ResourceType.SESSION, session("alice"));
    VdiSession session = api.get(ResourceType.SESSION, "team", "alice").orElseThrow();
    assertThat(session.spec().user()).isEqualTo("alice@example.com");
    Request request = server.onlyRequest();
    assertThat(request).hasToString("GET " + SESSIONS + "/alice");
    assertThat(request.query()).isEmpty();
    assertThat(request.body()).isEmpty();
    assertThat(request.headers())
        .containsEntry("Accept", "application/json")
        .containsEntry("Authorization", "Bearer secret")
        .doesNotContainKey("Content-Type");
  }

  @Test
  @DisplayName("of a type with metadata only, the content is never requested")
  void metadataOnly() {
    server.put(
        ResourceType.SECRET,
        "{metadata: {name: vdi-auth-alice, namespace: team, labels: {'app.kubernetes.io/name': b}}, data: {password: 'eA=='}}");
    PartialObjectMetadata secret =
        api.get(ResourceType.SECRET, "team", "vdi-auth-alice").orElseThrow();
    assertThat(secret.metadata().label(Labels.NAME)).contains("b");
    assertThat(api.list(ResourceType.SECRET, "team", "").orElseThrow().items()).hasSize(1);
    assertThat(server.requests())
        .extracting(request -> request.headers().get("Accept"))
        .containsExactly(
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  }

  @Test
  @DisplayName("list selects by namespace and label and has the version of the list")
  void list() {
    server.put(ResourceType.POD, pod("a", "team", "x"));
    server.put(ResourceType.POD, pod("b", "team", "y"));
    server.put(ResourceType.POD, pod("c", "other", "x"));
    ResourceList<Pod> list = api.list(ResourceType.POD, "team", "app=x").orElseThrow();
    assertThat(list.items()).extracting(Pod::name).containsExactly("a");
    assertThat(list.getMetadata().getResourceVersion()).isEqualTo("103");
    assertThat(api.list(ResourceType.POD, "", "").orElseThrow().getItems()).hasSize(3);
    assertThat(server.requests())
        .extracting(Request::path)
        .containsExactly("/api/v1/namespaces/team/pods", "/api/v1/pods");
    assertThat(server.requests().getFirst().query()).isEqualTo(Map.of("labelSelector", "app=x"));
  }

  @Test
  @DisplayName("create posts the object exactly as given, with our field manager")
  void create() {
    JsonObject object = json("{\"metadata\": {\"name\": \"m\"}, \"data\": {\"html\": \"<b>\"}}");
    ConfigMap created = api.create(ResourceType.CONFIG_MAP, "team", object).orElseThrow();
    assertThat(created.data()).containsEntry("html", "<b>");
    assertThat(created.uid()).isNotEmpty();
    Request request = server.onlyRequest();
    assertThat(request).hasToString("POST /api/v1/namespaces/team/configmaps");
    assertThat(request.query()).isEqualTo(Map.of("fieldManager", "vdi-operator"));
    assertThat(request.headers()).containsEntry("Content-Type", "application/json");
    assertThat(request.json()).isEqualTo(object);
  }

  @Test
  @DisplayName("a second create of the same name is AlreadyExists, which is not a conflict")
  void createTwice() {
    JsonObject object = json("{\"metadata\": {\"name\": \"m\"}}");
    api.create(ResourceType.CONFIG_MAP, "team", object).orElseThrow();
    ApiResult<ConfigMap> second = api.create(ResourceType.CONFIG_MAP, "team", object);
    assertThat(second.isAlreadyExists()).isTrue();
    assertThat(second.isConflict()).isFalse();
  }

  @Test
  @DisplayName("mergePatch changes only the fields that it names")
  void mergePatch() {
    server.put(ResourceType.SESSION, session("alice"));
    JsonObject patch = MergePatch.unconditional().set("spec.suspended", true).toJson();
    VdiSession session = api.mergePatch(ResourceType.SESSION, "team", "alice", patch).orElseThrow();
    assertThat(session.spec().suspended()).isTrue();
    assertThat(session.spec().user()).isEqualTo("alice@example.com");
    Request request = server.onlyRequest();
    assertThat(request).hasToString("PATCH " + SESSIONS + "/alice");
    assertThat(request.query()).isEqualTo(Map.of("fieldManager", "vdi-operator"));
    assertThat(request.headers()).containsEntry("Content-Type", "application/merge-patch+json");
    assertThat(request.json()).isEqualTo(patch);
  }

  @Test
  @DisplayName("mergePatchStatus patches the status subresource")
  void mergePatchStatus() {
    server.put(ResourceType.SESSION, session("alice"));
    JsonObject patch = MergePatch.unconditional().set("status.message", "text").toJson();
    VdiSession session =
        api.mergePatchStatus(ResourceType.SESSION, "team", "alice", patch).orElseThrow();
    assertThat(session.status().message()).isEqualTo("text");
    assertThat(server.onlyRequest()).hasToString("PATCH " + SESSIONS + "/alice/status");
  }

  @Test
  @DisplayName("a patch for a former version or another object of that name is a conflict")
  void patchPreconditions() {
    server.put(ResourceType.SESSION, session("alice"));
    ObjectMeta before = api.get(ResourceType.SESSION, "team", "alice").orElseThrow().metadata();
    server.put(ResourceType.SESSION, session("alice"));
    JsonObject stale = MergePatch.forVersion(before).set("spec.suspended", true).toJson();
    assertThat(api.mergePatch(ResourceType.SESSION, "team", "alice", stale).isConflict()).isTrue();
    JsonObject same = MergePatch.forObject(before).set("spec.suspended", true).toJson();
    assertThat(api.mergePatch(ResourceType.SESSION, "team", "alice", same).ok()).isPresent();
    server.remove(ResourceType.SESSION, "team", "alice");
    server.put(ResourceType.SESSION, session("alice"));
    assertThat(api.mergePatch(ResourceType.SESSION, "team", "alice", same).isConflict()).isTrue();
  }

  @Test
  @DisplayName("replace puts the whole object; a former version is a conflict")
  void replace() {
    JsonObject stored =
        server.put(ResourceType.CONFIG_MAP, "{metadata: {name: m, namespace: team}}");
    JsonObject next = stored.deepCopy();
    next.add("data", json("{\"key\": \"value\"}"));
    ConfigMap replaced = api.replace(ResourceType.CONFIG_MAP, "team", "m", next).orElseThrow();
    assertThat(replaced.data()).containsEntry("key", "value");
    Request request = server.onlyRequest();
    assertThat(request).hasToString("PUT /api/v1/namespaces/team/configmaps/m");
    assertThat(request.query()).isEqualTo(Map.of("fieldManager", "vdi-operator"));
    assertThat(request.json()).isEqualTo(next);
    assertThat(api.replace(ResourceType.CONFIG_MAP, "team", "m", stored).isConflict()).isTrue();
  }

  @Test
  @DisplayName("delete has the UID as precondition and deletes dependents in the background")
  void delete() {
    server.put(ResourceType.POD, pod("a", "team", "x"));
    ObjectMeta pod = api.get(ResourceType.POD, "team", "a").orElseThrow().metadata();
    assertThat(api.delete(ResourceType.POD, "team", "a", "other").isConflict()).isTrue();
    assertThat(server.find(ResourceType.POD, "team", "a")).isPresent();
    Pod deleted = api.delete(ResourceType.POD, "team", "a", pod.uid()).orElseThrow();
    assertThat(deleted.metadata()).as("no object is left").isEqualTo(ObjectMeta.EMPTY);
    assertThat(server.find(ResourceType.POD, "team", "a")).isEmpty();
    Request request = server.requests().getLast();
    assertThat(request).hasToString("DELETE /api/v1/namespaces/team/pods/a");
    assertThat(request.json())
        .isEqualTo(
            json(
                """
                {"propagationPolicy": "Background", "preconditions": {"uid": "%s"}}
                """
                    .formatted(pod.uid())));
    assertThat(api.delete(ResourceType.POD, "team", "a", pod.uid()).isNotFound()).isTrue();
  }

  @Test
  @DisplayName("an object with finalizers is returned, marked as being deleted")
  void deleteWithFinalizer() {
    server.put(
        ResourceType.SESSION,
        "{kind: VDISession, metadata: {name: alice, namespace: team, finalizers: ['a/b']}}");
    VdiSession session = api.get(ResourceType.SESSION, "team", "alice").orElseThrow();
    VdiSession marked =
        api.delete(ResourceType.SESSION, "team", "alice", session.uid()).orElseThrow();
    assertThat(marked.metadata().isDeleting()).isTrue();
    assertThat(marked.uid()).isEqualTo(session.uid());
  }

  @Test
  @DisplayName("deleteIfUnchanged requires UID and resource version")
  void deleteIfUnchanged() {
    server.put(ResourceType.SESSION, session("alice"));
    ObjectMeta first = api.get(ResourceType.SESSION, "team", "alice").orElseThrow().metadata();
    server.put(ResourceType.SESSION, session("alice"));
    assertThat(api.deleteIfUnchanged(ResourceType.SESSION, first).isConflict()).isTrue();
    ObjectMeta second = api.get(ResourceType.SESSION, "team", "alice").orElseThrow().metadata();
    assertThat(api.deleteIfUnchanged(ResourceType.SESSION, second).ok()).isPresent();
    assertThat(server.requests().getLast().json().getAsJsonObject("preconditions"))
        .isEqualTo(
            json(
                """
                {"uid": "%s", "resourceVersion": "%s"}
                """
                    .formatted(second.uid(), second.resourceVersion())));
  }

  @Test
  @DisplayName("forEach reads page by page and counts the objects")
  void forEach() {
    for (int i = 0; i < 5; i++) {
      server.put(ResourceType.POD, pod("p" + i, "team", "x"));
    }
    server.put(ResourceType.POD, pod("q", "team", "y"));
    server.pageSize(2);
    List<String> names = new ArrayList<>();
    ApiResult<Integer> count =
        api.forEach(ResourceType.POD, "", "app=x", pod -> names.add(pod.name()));
    assertThat(count).isEqualTo(new ApiResult.Ok<>(5));
    assertThat(names).containsExactly("p0", "p1", "p2", "p3", "p4");
    assertThat(server.requests())
        .extracting(Request::query)
        .containsExactly(
            Map.of("labelSelector", "app=x", "limit", "500"),
            Map.of("labelSelector", "app=x", "limit", "500", "continue", "2@1"),
            Map.of("labelSelector", "app=x", "limit", "500", "continue", "4@1"));
  }

  @Test
  @DisplayName("forEach returns the failure of a later page")
  void forEachFailure() {
    for (int i = 0; i < 3; i++) {
      server.put(ResourceType.POD, pod("p" + i, "team", "x"));
    }
    server.pageSize(2);
    server.reject(
        request -> request.query().containsKey("continue"), 410, "Expired", "token expired");
    List<String> names = new ArrayList<>();
    ApiResult<Integer> result = api.forEach(ResourceType.POD, "", "", pod -> names.add(pod.name()));
    assertThat(result).isEqualTo(new ApiResult.Rejected<>(410, "Expired", "token expired"));
    assertThat(names).containsExactly("p0", "p1");
  }

  @ParameterizedTest
  @CsvSource({
    "400, BadRequest, PERMANENT",
    "403, Forbidden, PERMANENT",
    "404, NotFound, PERMANENT",
    "409, Conflict, TRANSIENT",
    "422, Invalid, PERMANENT",
    "429, TooManyRequests, TRANSIENT",
    "500, InternalError, TRANSIENT",
    "503, ServiceUnavailable, TRANSIENT",
  })
  @DisplayName("an error has code, reason and message of the Status, and says whether to retry")
  void errors(int code, String reason, String kind) {
    server.reject(request -> true, code, reason, "the message");
    ApiResult<Pod> result = api.get(ResourceType.POD, "team", "a");
    assertThat(result).isEqualTo(new ApiResult.Rejected<>(code, reason, "the message"));
    assertThat(result.failure())
        .contains(
            kind.equals("TRANSIENT")
                ? new ApiFailure.Transient(reason, "the message")
                : new ApiFailure.Permanent(reason, "the message"));
    assertThat(result.isNotFound()).isEqualTo(code == 404);
    assertThat(result.isConflict()).isEqualTo(code == 409);
  }

  @Test
  @DisplayName("an error page of a proxy is the message, shortened; an empty one gives the status")
  void errorsWithoutStatus() {
    server.respond(request -> true, 502, "<html>" + "x".repeat(300) + "</html>");
    assertThat(api.get(ResourceType.POD, "team", "a"))
        .isEqualTo(new ApiResult.Rejected<>(502, "", "<html>" + "x".repeat(194) + "…"));
    server.respond(request -> true, 503, "");
    assertThat(api.get(ResourceType.POD, "team", "a"))
        .isEqualTo(new ApiResult.Rejected<>(503, "", "Service Unavailable"));
    server.respond(request -> true, 403, "{\"message\": \"only text\"}");
    assertThat(api.get(ResourceType.POD, "team", "a"))
        .isEqualTo(new ApiResult.Rejected<>(403, "", "only text"));
  }

  @Test
  @DisplayName("an answer that is not JSON counts as no answer")
  void brokenJson() {
    server.respond(request -> true, 200, "{\"metadata\": {\"name\": ");
    ApiResult<Pod> result = api.get(ResourceType.POD, "team", "a");
    assertThat(result).isInstanceOf(ApiResult.Unreachable.class);
    assertThat(result.failure().orElseThrow())
        .isInstanceOf(ApiFailure.Transient.class)
        .satisfies(why -> assertThat(why.message()).startsWith("unreadable answer: "));
  }

  @Test
  @DisplayName("an empty answer counts as no answer")
  void emptyAnswer() {
    for (String body : List.of("", "\n", "null")) {
      server.respond(request -> true, 200, body);
      ApiResult<Pod> result = api.get(ResourceType.POD, "team", "a");
      assertThat(result)
          .as("\"%s\"", body)
          .isEqualTo(new ApiResult.Unreachable<>("unreadable answer: it is empty"));
      assertThat(api.list(ResourceType.POD, "", "")).as("list: \"%s\"", body).isEqualTo(result);
    }
  }

  @Test
  @DisplayName("a closed connection and a refused one are failures that name the request")
  void noAnswer() {
    server.disconnect(request -> true);
    assertThat(api.create(ResourceType.POD, "team", json("{\"metadata\": {}}")).failure())
        .hasValueSatisfying(why -> {
          assertThat(why.reason()).isEqualTo("Unreachable");
          assertThat(why.message()).startsWith("POST /api/v1/namespaces/team/pods: ");
        });
    server.close();
    assertThat(api.get(ResourceType.POD, "team", "a").failure())
        .hasValueSatisfying(
            why -> assertThat(why.message()).startsWith("GET /api/v1/namespaces/team/pods/a: "));
    assertThat(api.serverTime()).isInstanceOf(ApiResult.Unreachable.class);
  }

  @Test
  @DisplayName("orElseThrow reports the failure; ok and map keep it as a value")
  void resultAccess() {
    ApiResult<Pod> missing = api.get(ResourceType.POD, "team", "a");
    assertThatThrownBy(missing::orElseThrow)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("404 NotFound: pods \"a\" not found");
    assertThat(missing.ok()).isEmpty();
    assertThat(missing.map(Pod::name).isNotFound()).isTrue();
    ApiResult<Pod> none = new ApiResult.Unreachable<>("refused");
    assertThat(none.map(Pod::name)).isEqualTo(new ApiResult.Unreachable<>("refused"));
    assertThatThrownBy(none::orElseThrow).hasMessage("no answer from the API server: refused");
    assertThat(new ApiResult.Ok<>(1).map(n -> n + 1)).isEqualTo(new ApiResult.Ok<>(2));
    assertThat(new ApiResult.Ok<>(1).failure()).isEmpty();
  }

  @Test
  @DisplayName("serverTime is the Date header of the answer")
  void serverTime() {
    Instant time = api.serverTime().orElseThrow();
    assertThat(Duration.between(time, Instant.now()).abs()).isLessThan(Duration.ofMinutes(1));
    assertThat(time)
        .as("the header has whole seconds")
        .isEqualTo(time.truncatedTo(ChronoUnit.SECONDS));
    assertThat(server.onlyRequest()).hasToString("GET /version");
  }

  @Test
  @DisplayName("serves reads the discovery of the group: 404 means no, an error means unknown")
  void serves() {
    assertThat(api.serves(ResourceType.SESSION)).isEqualTo(new ApiResult.Ok<>(false));
    server.respond(
        request -> request.path().equals("/apis/vdi.kasm.io/v1alpha1"),
        200,
        "{\"resources\": [{\"name\": \"vdisessions\"}, {\"name\": \"vdisessions/status\"}]}");
    assertThat(api.serves(ResourceType.SESSION)).isEqualTo(new ApiResult.Ok<>(true));
    assertThat(api.serves(ResourceType.TEMPLATE)).isEqualTo(new ApiResult.Ok<>(false));
    server.reject(request -> true, 503, "ServiceUnavailable", "starting");
    assertThat(api.serves(ResourceType.SESSION))
        .isEqualTo(new ApiResult.Rejected<>(503, "ServiceUnavailable", "starting"));
  }

  @Test
  @DisplayName("request sends any method and path; getText returns the body as text")
  void requestAndText() {
    server.respond(request -> request.method().equals("POST"), 201, "{\"status\": {\"a\": 1}}");
    JsonObject answer =
        api.request("POST", "/apis/authorization.k8s.io/v1/reviews", json("{\"spec\": {}}"))
            .orElseThrow();
    assertThat(answer).isEqualTo(json("{\"status\": {\"a\": 1}}"));
    assertThat(server.onlyRequest().json()).isEqualTo(json("{\"spec\": {}}"));
    server.respond(request -> request.path().endsWith("/log"), 200, "line 1\nline 2\n");
    assertThat(api.getText("/api/v1/namespaces/team/pods/a/log?tailLines=2"))
        .isEqualTo(new ApiResult.Ok<>("line 1\nline 2\n"));
    assertThat(server.requests().getLast().query()).isEqualTo(Map.of("tailLines", "2"));
  }

  @Test
  @DisplayName("close ends calls in progress")
  void close() throws InterruptedException {
    List<ApiResult<Pod>> results = new ArrayList<>();
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch arrived = server.block(request -> true, release);
    Thread caller =
        Thread.ofVirtual().start(() -> results.add(api.get(ResourceType.POD, "team", "a")));
    arrived.await();
    api.close();
    caller.join();
    release.countDown();
    assertThat(results).hasSize(1).first().isInstanceOf(ApiResult.Unreachable.class);
  }

  private static String session(String name) {
    return """
    {metadata: {name: %s, namespace: team}, spec: {user: %s@example.com, template: t}}
    """
        .formatted(name, name);
  }

  private static String pod(String name, String namespace, String app) {
    return "{metadata: {name: %s, namespace: %s, labels: {app: %s}}}"
        .formatted(name, namespace, app);
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }
}
