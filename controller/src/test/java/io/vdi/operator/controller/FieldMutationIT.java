package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ChaosBudget;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Every field of both CRDs is changed on a live session: to another value, to a value that the API
 * server refuses, and back. The fields are read from the CRDs, so that a new field is covered when
 * it appears. Afterwards the session has the objects of a session that was born with its spec;
 * docs/specification.md, section 0.
 */
@ExtendWith(ClusterExtension.class)
class FieldMutationIT {
  private static final Path CRDS = Path.of("../charts/vdi-operator/templates/crds");
  private static final Duration CONVERGENCE = Duration.ofSeconds(60);
  private static final int SAMPLE = 8;

  /** The schema refuses every change, or an existing claim keeps its class. */
  private static final Set<String> IMMUTABLE =
      Set.of("user", "template", "persistence.storageClassName");

  /** A bound volume does not shrink, so the way back has no effect. */
  private static final String SIZE = "persistence.size";

  /** A storage class whose volumes can grow. */
  private static final String EXPANDABLE = "expandable";

  private static final String STORAGE_CLASSES = "/apis/storage.k8s.io/v1/storageclasses";

  /** With another value the pod would not run on a simulated node. */
  private static final Set<String> PLACEMENT =
      Set.of(
          "nodeSelector",
          "tolerations",
          "runtimeClassName",
          "gpu.resourceName",
          "gpu.deviceClassName");

  /**
   * A change of one field.
   *
   * @param path such as {@code resources.memory}
   * @param other null removes the field
   */
  private record Mutation(ResourceType<?> type, String path, JsonElement other) {
    @Override
    public String toString() {
      return type + " " + path + " = " + other;
    }
  }

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  FieldMutationIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
    JsonObject expandable =
        api.request("GET", STORAGE_CLASSES + "/kwok-volume", null).orElseThrow().deepCopy();
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", EXPANDABLE);
    expandable.add("metadata", metadata);
    expandable.addProperty("allowVolumeExpansion", true);
    api.request("POST", STORAGE_CLASSES, expandable).orElseThrow();
  }

  @Test
  void everyFieldCanChangeOnALiveSessionAndBack() {
    ChaosBudget budget = new ChaosBudget();
    List<Mutation> mutations = new ArrayList<>();
    collect(ResourceType.SESSION, spec("vdisessions"), "", mutations);
    collect(ResourceType.TEMPLATE, spec("vditemplates"), "", mutations);
    assertThat(mutations).as("fields of both CRDs").hasSizeGreaterThan(30);
    try (RunningService _ = CONTROLLER.start(cluster)) {
      int number = 0;
      for (Mutation mutation : budget.sample(mutations, SAMPLE)) {
        mutate(mutation, number++, budget);
      }
    }
  }

  private void mutate(Mutation mutation, int number, ChaosBudget budget) {
    String template = "mutated-" + number;
    TestTemplates.apply(
        api,
        template,
        "persistence: {storageClassName: %s}, nodeSelector: {vdi.devcluster/simulated: 'true'}"
            .formatted(EXPANDABLE));
    SessionFixture session = namespace.session("live-" + number).create("template: " + template);
    session.awaitPhase(Phase.RUNNING);
    JsonElement before = current(mutation, session, template);

    ApiResult<?> changed = patch(mutation, mutation.other(), session, template);
    ApiResult<?> bad = patch(mutation, JsonParser.parseString("[1]"), session, template);
    assertThat(bad)
        .as("%s set to nonsense; %s", mutation, budget)
        .isInstanceOf(ApiResult.Rejected.class);
    if (changed.ok().isPresent()) {
      expectAsBorn(mutation, session, "changed-" + number, template, budget);
      assertThat(patch(mutation, before, session, template).ok())
          .as("%s back to %s; %s", mutation, before, budget)
          .isPresent();
    }
    if (!mutation.path().equals(SIZE)) {
      expectAsBorn(mutation, session, "back-" + number, template, budget);
    }
  }

  /** The pod is compared after a resume, because a running pod keeps its spec. */
  private void expectAsBorn(
      Mutation mutation, SessionFixture session, String name, String template, ChaosBudget budget) {
    JsonObject spec =
        api.request("GET", session.path(), null).orElseThrow().getAsJsonObject("spec").deepCopy();
    boolean suspended = spec.has("suspended") && spec.get("suspended").getAsBoolean();
    if (!suspended) {
      session.suspend();
      session.awaitPhase(Phase.SUSPENDED);
      session.resume();
    }
    spec.remove("user");
    spec.addProperty("template", template);
    String fields = spec.toString();
    SessionFixture born = namespace.session(name).create(fields.substring(1, fields.length() - 1));
    Phase expected = suspended ? Phase.SUSPENDED : Phase.RUNNING;
    await(mutation + "; " + budget)
        .atMost(CONVERGENCE)
        .untilAsserted(() -> {
          assertThat(born.get().status().phase()).isEqualTo(expected);
          assertThat(session.get().status().phase()).isEqualTo(expected);
          assertThat(ChildrenSnapshot.of(session)).isEqualTo(ChildrenSnapshot.of(born));
        });
    born.delete();
  }

  private JsonElement current(Mutation mutation, SessionFixture session, String template) {
    JsonElement here =
        api.request("GET", path(mutation, session, template), null)
            .orElseThrow()
            .getAsJsonObject("spec");
    for (String field : mutation.path().split("\\.", -1)) {
      if (!(here instanceof JsonObject object) || !object.has(field)) {
        return JsonNull.INSTANCE;
      }
      here = object.get(field);
    }
    return here;
  }

  private ApiResult<?> patch(
      Mutation mutation, JsonElement value, SessionFixture session, String template) {
    JsonObject spec = new JsonObject();
    JsonObject here = spec;
    String[] fields = mutation.path().split("\\.", -1);
    for (int i = 0; i < fields.length - 1; i++) {
      JsonObject inner = new JsonObject();
      here.add(fields[i], inner);
      here = inner;
    }
    here.add(fields[fields.length - 1], value);
    JsonObject patch = new JsonObject();
    patch.add("spec", spec);
    return mutation.type().equals(ResourceType.SESSION)
        ? session.tryPatch(patch.toString())
        : api.mergePatch(ResourceType.TEMPLATE, "", template, patch);
  }

  private static String path(Mutation mutation, SessionFixture session, String template) {
    return mutation.type().equals(ResourceType.SESSION)
        ? session.path()
        : ResourceType.TEMPLATE.path("", template);
  }

  private static JsonObject spec(String plural) {
    try {
      return Manifests.parse(Files.readString(CRDS.resolve(plural + ".yaml")))
          .getFirst()
          .getAsJsonObject("spec")
          .getAsJsonArray("versions")
          .get(0)
          .getAsJsonObject()
          .getAsJsonObject("schema")
          .getAsJsonObject("openAPIV3Schema")
          .getAsJsonObject("properties")
          .getAsJsonObject("spec");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void collect(
      ResourceType<?> type, JsonObject schema, String prefix, List<Mutation> mutations) {
    for (var field : schema.getAsJsonObject("properties").entrySet()) {
      String path = prefix + field.getKey();
      JsonObject inner = field.getValue().getAsJsonObject();
      if (inner.get("type").getAsString().equals("object") && inner.has("properties")) {
        collect(type, inner, path + ".", mutations);
      } else if (!IMMUTABLE.contains(path) && !PLACEMENT.contains(path)) {
        other(path, inner).ifPresent(value -> mutations.add(new Mutation(type, path, value)));
      }
    }
  }

  /** A legal value that is not the default. */
  private static Optional<JsonElement> other(String path, JsonObject schema) {
    String name = path.substring(path.lastIndexOf('.') + 1);
    String value =
        switch (schema.get("type").getAsString()) {
          case "boolean" -> "true";
          case "integer" -> name.equals("port") ? "8181" : "2";
          case "array" -> array(name);
          case "object" -> object(path);
          default -> schema.has("enum") ? lastOf(schema) : text(path, name);
        };
    return Optional.of(JsonParser.parseString(value));
  }

  private static String lastOf(JsonObject schema) {
    var values = schema.getAsJsonArray("enum");
    return values.get(values.size() - 1).toString();
  }

  private static String array(String name) {
    return switch (name) {
      case "schedule" ->
          "[{\"days\": [\"Mon\"], \"start\": \"08:55\", \"timeZone\": \"Europe/Berlin\"}]";
      case "shares" -> "[{\"user\": \"bob@example.com\", \"role\": \"control\"}]";
      case "env" -> "[{\"name\": \"TZ\", \"value\": \"UTC\"}]";
      case "ingressFrom" -> "[{\"podSelector\": {}}]";
      case "egress" -> "[{\"to\": [{\"ipBlock\": {\"cidr\": \"10.9.9.9/32\"}}]}]";
      case "imagePullSecrets" -> "[{\"name\": \"pull\"}]";
      default -> "[\"someone@example.com\"]";
    };
  }

  private static String object(String path) {
    return switch (path) {
      case "podTemplate.metadata.labels", "podTemplate.metadata.annotations" ->
          "{\"team\": \"graphics\"}";
      case "podTemplate.spec" ->
          "{\"hostAliases\": [{\"ip\": \"10.9.9.9\", \"hostnames\": [\"files\"]}]}";
      default -> "{\"runAsUser\": 1001}";
    };
  }

  private static String text(String path, String name) {
    if (path.startsWith("resources.requests.")) {
      return name.equals("cpu") ? "\"1\"" : "\"1Gi\"";
    }
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "memory", "defaultmemory" -> "\"6Gi\"";
      case "maxmemory" -> "\"64Gi\"";
      case "cpu", "defaultcpu" -> "\"3\"";
      case "maxcpu" -> "\"32\"";
      case "ephemeralstorage" -> "\"5Gi\"";
      case "size" -> "\"12Gi\"";
      case "maxsize" -> "\"50Gi\"";
      case "timeout", "maxtimeout" -> "\"9h\"";
      case "idletimeout", "maxidletimeout" -> "\"45m\"";
      case "deleteaftersuspended" -> "\"720h\"";
      case "startuptimeout" -> "\"11m\"";
      case "awakeuntil" -> "\"2030-01-01T00:00:00Z\"";
      case "draingrace" -> "\"45m\"";
      case "homepath" -> "\"/home/other\"";
      case "healthpath" -> "\"/health\"";
      case "icon" -> "\"data:image/png;base64,AAAA\"";
      default -> "\"other\"";
    };
  }
}
