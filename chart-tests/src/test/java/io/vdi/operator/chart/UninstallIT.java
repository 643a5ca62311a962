package io.vdi.operator.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands of docs/install.md, as they are written there, remove the operator from a cluster in
 * which no controller runs any more. No kubelet runs: the garbage collector alone ends desktops.
 */
@ExtendWith(ClusterExtension.class)
class UninstallIT {
  private static final Path CHART = ChartTemplates.CHART;
  private static final Path GUIDE = Path.of("../docs/install.md");
  private static final Pattern COMMANDS =
      Pattern.compile("## Uninstall\\n.*?```\\n(.*?)```", Pattern.DOTALL);
  private static final String OPERATOR = ChartTemplates.NAMESPACE;
  private static final List<String> NAMESPACES =
      List.of("uninstall-a", "uninstall-b", "uninstall-c");

  /** Kinds of which the chart installs objects that are in no namespace. */
  private static final List<String> CLUSTER_WIDE =
      List.of(
          "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
          "/apis/rbac.authorization.k8s.io/v1/clusterroles",
          "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
          "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
          "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations");

  /** The garbage collector takes up to 30 s to learn of a kind. */
  private static final Duration PATIENCE = Duration.ofSeconds(75);

  private final Cluster cluster;
  private final KubeClient api;
  private final Path home;

  UninstallIT(Cluster cluster, KubeClient api, @TempDir Path home) {
    this.cluster = cluster;
    this.api = api;
    this.home = home;
  }

  @Test
  void theDocumentedCommandsLeaveOnlyRetainedHomes() throws Exception {
    assumeTrue(cluster instanceof EmbeddedCluster, "would remove the operator of another cluster");
    for (String crd : List.of("vdisessions", "vditemplates")) {
      Manifests.apply(api, Files.readString(CHART.resolve("templates/crds/" + crd + ".yaml")));
    }
    Manifests.awaitCrds(api, "vdi.kasm.io/v1alpha1", List.of("vdisessions", "vditemplates"));
    Manifests.apply(
        api,
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: uninstalled}
        spec: {image: x}
        """);
    for (String namespace : NAMESPACES) {
      Manifests.apply(
          api, "{apiVersion: v1, kind: Namespace, metadata: {name: " + namespace + "}}");
      createSession(namespace, "one");
      createSession(namespace, "two");
    }
    awaitGarbageCollection();
    Helm helm = Helm.of(cluster, home);
    helm.run(
        "install",
        "vdi-operator",
        CHART.toString(),
        "-n",
        OPERATOR,
        "--create-namespace",
        "--take-ownership");
    // Objects that wait for a finalizer already: one session, and all of a namespace.
    delete(ResourceType.SESSION.path("uninstall-b", "two"));
    delete("/api/v1/namespaces/uninstall-c");
    await()
        .atMost(PATIENCE)
        .until(() ->
            api.get(ResourceType.SESSION, "uninstall-c", "one")
                .orElseThrow()
                .metadata()
                .isDeleting());

    run(documentedCommands());

    for (String path : CLUSTER_WIDE) {
      assertThat(labelled(path)).as(path).isEmpty();
    }
    assertThat(api.request("GET", "/api/v1/namespaces/" + OPERATOR, null).isNotFound()).isTrue();
    await()
        .atMost(PATIENCE)
        .until(() -> api.request("GET", "/api/v1/namespaces/uninstall-c", null).isNotFound());
    for (String namespace : List.of("uninstall-a", "uninstall-b")) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> {
            assertThat(exists(namespace, "secrets/vdi-auth-one")).isFalse();
            assertThat(exists(namespace, "persistentvolumeclaims/vdi-data-one")).isFalse();
          });
      assertThat(exists(namespace, "persistentvolumeclaims/retained-one")).isTrue();
      delete("/api/v1/namespaces/" + namespace);
    }
  }

  private static String documentedCommands() throws Exception {
    Matcher found = COMMANDS.matcher(Files.readString(GUIDE));
    assertThat(found.find()).as("a block of commands below Uninstall in %s", GUIDE).isTrue();
    return found.group(1);
  }

  private void run(String script) throws Exception {
    Path log = home.resolve("uninstall.log");
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-euxo", "pipefail", "-c", script)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("KUBECONFIG", cluster.kubeconfig().toString());
    builder
        .environment()
        .merge(
            "PATH",
            ((EmbeddedCluster) cluster).kubectl().getParent()
                + File.pathSeparator
                + GoPrograms.inDefaultCache().helm().getParent(),
            (path, ours) -> ours + File.pathSeparator + path);
    Process process = builder.start();
    boolean ended = process.waitFor(3, TimeUnit.MINUTES);
    if (!ended) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    assertThat(ended).as("ended: %s", Files.readString(log)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
  }

  /** A session as the controller leaves it, with a home that it owns, and one that it does not. */
  private void createSession(String namespace, String name) {
    JsonObject session =
        Manifests.parse(
                """
                apiVersion: vdi.kasm.io/v1alpha1
                kind: VDISession
                metadata: {name: %s, finalizers: [%s]}
                spec: {user: alice@example.com, template: uninstalled}
                """
                    .formatted(name, VdiSession.FINALIZER))
            .getFirst();
    String uid = api.create(ResourceType.SESSION, namespace, session).orElseThrow().uid();
    String owner =
        """
        ownerReferences: [{apiVersion: vdi.kasm.io/v1alpha1, kind: VDISession, name: %s, uid: %s,
          controller: true, blockOwnerDeletion: true}]
        """
            .formatted(name, uid)
            .replace("\n", " ");
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: vdi-auth-%1$s, %2$s}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: vdi-data-%1$s, %2$s}
        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: retained-%1$s}
        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
        """
            .formatted(name, owner),
        namespace);
  }

  /** In a cluster in use, the garbage collector has known the kind for long. */
  private void awaitGarbageCollection() {
    createSession("uninstall-a", "probe");
    String path = ResourceType.SESSION.path("uninstall-a", "probe");
    api.mergePatch(
            ResourceType.SESSION,
            "uninstall-a",
            "probe",
            JsonParser.parseString("{\"metadata\": {\"finalizers\": null}}").getAsJsonObject())
        .orElseThrow();
    delete(path);
    await().atMost(PATIENCE).until(() -> !exists("uninstall-a", "secrets/vdi-auth-probe"));
  }

  private boolean exists(String namespace, String object) {
    return !api.request("GET", "/api/v1/namespaces/" + namespace + "/" + object, null).isNotFound();
  }

  private List<String> labelled(String path) {
    return api
        .request("GET", path + "?labelSelector=app.kubernetes.io%2Fname%3Dvdi-operator", null)
        .orElseThrow()
        .getAsJsonArray("items")
        .asList()
        .stream()
        .map(JsonElement::getAsJsonObject)
        .map(object -> object.getAsJsonObject("metadata").get("name").getAsString())
        .toList();
  }

  private void delete(String path) {
    api.request("DELETE", path, null).orElseThrow();
  }
}
