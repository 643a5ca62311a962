package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.luaj.vm2.Globals;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.lib.jse.JsePlatform;

/** What docs/gitops.md promises, with kubectl, Helm, kstatus and Argo CD's health checks. */
@Order(4)
class GitOpsIT {
  /** Runs on a simulated node, so that it is ready without a desktop. */
  private static final String TEMPLATE =
      """
      apiVersion: vdi.kasm.io/v1alpha1
      kind: VDITemplate
      metadata: {name: %s}
      spec:
        image: desktop
        nodeSelector: {vdi.devcluster/simulated: "true"}
        persistence: {storageClassName: kwok-volume}
      """;

  private static final String SESSION =
      """
      apiVersion: vdi.kasm.io/v1alpha1
      kind: VDISession
      metadata: {name: %1$s, namespace: default}
      spec: {user: %1$s@example.com, template: %2$s, idleTimeout: 1h}
      """;

  private static OperatorNode node;

  @TempDir private Path folder;

  @BeforeAll
  static void install() {
    node = SharedNode.withDefaults();
  }

  @Test
  @DisplayName(
      "one directory, the session before its template: apply, diff, server-side apply, delete")
  void directory() throws IOException {
    write("a-session.yaml", SESSION.formatted("git-dir", "git-dir"));
    write("b-template.yaml", TEMPLATE.formatted("git-dir"));
    node.kubectl("apply", "--filename=" + folder);
    awaitPhase("git-dir", "Running");
    // kubectl diff exits with 1 if there is a difference.
    assertThat(node.kubectl("diff", "--filename=" + folder)).isEmpty();
    for (String manager : new String[] {"argocd-controller", "kustomize-controller"}) {
      apply(manager);
      assertThat(
              node.kubectl(
                  "diff",
                  "--server-side",
                  "--field-manager=" + manager,
                  "--force-conflicts",
                  "--filename=" + folder))
          .isEmpty();
    }
    node.kubectl("delete", "--filename=" + folder, "--wait=false");
    awaitGone("git-dir");
  }

  /** The first one takes over what kubectl apply owns, as both tools do. */
  private void apply(String manager) {
    node.kubectl(
        "apply",
        "--server-side",
        "--field-manager=" + manager,
        "--force-conflicts",
        "--filename=" + folder);
    awaitPhase("git-dir", "Running");
    node.kubectl("apply", "--server-side", "--field-manager=" + manager, "--filename=" + folder);
  }

  @Test
  @DisplayName("a template that is deleted first is refused, and deleted by the second attempt")
  void deleteTemplateFirst() throws IOException {
    write("a-template.yaml", TEMPLATE.formatted("git-first"));
    write("b-session.yaml", SESSION.formatted("git-first", "git-first"));
    node.kubectl("apply", "--filename=" + folder);
    awaitPhase("git-first", "Running");
    ClusterException refused =
        assertThrows(ClusterException.class, () -> node.kubectl("delete", "--filename=" + folder));
    assertThat(refused).hasMessageContaining("git-first is used by 1 session");
    node.kubectl("delete", "--filename=" + folder, "--ignore-not-found");
    awaitGone("git-first");
    assertThat(template("git-first").isNotFound()).isTrue();
  }

  @Test
  @DisplayName("one chart with both: helm install --wait and helm uninstall")
  void chart() throws IOException {
    write("Chart.yaml", "{apiVersion: v2, name: course, version: 1.0.0}");
    write("templates/session.yaml", SESSION.formatted("git-chart", "git-chart"));
    write("templates/template.yaml", TEMPLATE.formatted("git-chart"));
    try {
      node.helm()
          .run(
              "install",
              "course",
              folder.toString(),
              "--namespace=default",
              "--wait",
              "--timeout=2m");
      awaitPhase("git-chart", "Running");
    } finally {
      node.helm().run("uninstall", "course", "--namespace=default", "--wait", "--timeout=2m");
    }
    awaitGone("git-chart");
    assertThat(template("git-chart").isNotFound()).isTrue();
  }

  @Test
  @DisplayName("kstatus and Argo CD read the states of a session alike")
  void health() throws IOException {
    node.apply(TEMPLATE.formatted("git-health"));
    node.apply(TEMPLATE.formatted("git-waits").replace("\"true\"", "\"nowhere\""));
    node.apply(SESSION.formatted("git-runs", "git-health"));
    node.apply(SESSION.formatted("git-sleeps", "git-health"));
    node.apply(SESSION.formatted("git-waits", "git-waits"));
    node.apply(SESSION.formatted("git-lost", "git-missing"));
    try {
      awaitPhase("git-sleeps", "Running");
      node.suspend("git-sleeps", true);
      awaitHealth("git-runs", "Current", "Healthy");
      awaitHealth("git-sleeps", "Current", "Healthy");
      awaitHealth("git-waits", "InProgress", "Progressing");
      awaitHealth("git-lost", "Failed", "Degraded");
      JsonObject template = template("git-health").orElseThrow();
      assertThat(kstatus(template)).isEqualTo("Current");
      assertThat(argo("VDITemplate", template)).isEqualTo("Healthy");
      JsonObject claim =
          node.api()
              .request(
                  "GET",
                  ResourceType.PERSISTENT_VOLUME_CLAIM.path("default", "vdi-data-git-runs"),
                  null)
              .orElseThrow();
      assertThat(
              claim
                  .getAsJsonObject("metadata")
                  .getAsJsonObject("annotations")
                  .get("argocd.argoproj.io/sync-options")
                  .getAsString())
          .isEqualTo("Prune=false");
    } finally {
      node.kubectl(
          "delete", "vdi", "git-runs", "git-sleeps", "git-waits", "git-lost", "--ignore-not-found");
      node.kubectl("delete", "vdit", "git-health", "git-waits", "--ignore-not-found");
    }
  }

  private void awaitHealth(String session, String kstatus, String argo) {
    await(session)
        .atMost(SharedNode.PATIENCE)
        .untilAsserted(() -> {
          JsonObject object = node.session(session);
          assertThat(kstatus(object)).isEqualTo(kstatus);
          assertThat(argo("VDISession", object)).isEqualTo(argo);
        });
  }

  private String kstatus(JsonObject object) throws IOException {
    Path file = Files.writeString(folder.resolve("object.json"), object.toString());
    return Command.run(List.of(GoPrograms.inDefaultCache().kstatus().toString(), file.toString()))
        .strip();
  }

  /** The health that Argo CD computes with the script of docs/examples. */
  private static String argo(String kind, JsonObject object) throws IOException {
    JsonObject config =
        Manifests.parse(Files.readString(Path.of("../docs/examples/argocd/argocd-cm.yaml")))
            .getFirst();
    String script =
        config
            .getAsJsonObject("data")
            .get("resource.customizations.health.vdi.kasm.io_" + kind)
            .getAsString();
    Globals lua = JsePlatform.standardGlobals();
    lua.set("obj", lua(object));
    return lua.load(script).call().get("status").tojstring();
  }

  private static LuaValue lua(JsonElement element) {
    return switch (element) {
      case JsonObject object -> {
        LuaTable table = new LuaTable();
        for (Map.Entry<String, JsonElement> entry : object.entrySet()) {
          table.set(entry.getKey(), lua(entry.getValue()));
        }
        yield table;
      }
      case JsonPrimitive primitive when primitive.isBoolean() ->
          LuaValue.valueOf(primitive.getAsBoolean());
      case JsonPrimitive primitive when primitive.isNumber() ->
          LuaValue.valueOf(primitive.getAsDouble());
      case JsonPrimitive primitive -> LuaValue.valueOf(primitive.getAsString());
      // The scripts read no lists.
      default -> LuaValue.NIL;
    };
  }

  private static void awaitPhase(String session, String phase) {
    await(session).atMost(SharedNode.PATIENCE).until(() -> node.phase(session).equals(phase));
  }

  private static void awaitGone(String session) {
    await(session)
        .atMost(SharedNode.PATIENCE)
        .until(() ->
            node.api()
                .request("GET", ResourceType.SESSION.path("default", session), null)
                .isNotFound());
  }

  private static ApiResult<JsonObject> template(String name) {
    return node.api().request("GET", ResourceType.TEMPLATE.path("", name), null);
  }

  private void write(String file, String content) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, content);
  }
}
