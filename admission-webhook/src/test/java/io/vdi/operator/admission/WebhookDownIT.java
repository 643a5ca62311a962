package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The webhook is registered but not running, and neither is the controller: creates and changes are
 * refused, but an admin can release what is being deleted.
 */
@ExtendWith(ClusterExtension.class)
class WebhookDownIT {
  private static final String UNAVAILABLE = "failed calling webhook";

  private static final String RELEASE = "{\"metadata\": {\"finalizers\": null}}";

  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;

  WebhookDownIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void install(Cluster cluster, TestNamespace namespace) {
    ChartInstaller chart = new ChartInstaller(cluster, WebhookFleet.CHART, WebhookFleet.NAMESPACE);
    chart.installController();
    KubeClient api = cluster.connect();
    Manifests.apply(
        api,
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: webhook-down}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
        subjects:
          - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'kubeadm:cluster-admins'}
        """);
    Manifests.apply(
        api,
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: users}
        rules: [{apiGroups: [vdi.kasm.io], resources: [vdisessions], verbs: [get, patch, delete]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: users}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: users}
        subjects:
          - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:authenticated'}
        """,
        namespace.name());
    for (String name : List.of("deleted", "kept", "own", "managed")) {
      api.create(ResourceType.SESSION, namespace.name(), session(name)).orElseThrow();
    }
    Manifests.apply(api, template("deleted-template").toString());
    // Nothing listens on port 1.
    chart.installWebhook("https://127.0.0.1:1");
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() ->
            isUnavailable(api.create(ResourceType.SESSION, namespace.name(), session("probe")))
                && isUnavailable(api.create(ResourceType.TEMPLATE, "", template("probe"))));
    api.close();
  }

  @AfterAll
  static void uninstall(Cluster cluster) {
    KubeClient api = cluster.connect();
    ChartInstaller.uninstallWebhook(api);
    api.close();
  }

  @Test
  void anAdminRemovesTheFinalizerOfADeletedSession() throws Exception {
    String uid = api.get(ResourceType.SESSION, namespace, "deleted").orElseThrow().uid();
    api.delete(ResourceType.SESSION, namespace, "deleted", uid).orElseThrow();
    assertThat(kubectl("patch", "vdi", "deleted", "--type=merge", "-p", RELEASE)).isZero();
    assertThat(api.get(ResourceType.SESSION, namespace, "deleted").isNotFound()).isTrue();
  }

  /** A person who deletes a session gets rid of it, also without the webhook. */
  @Test
  void theUserOfASessionDeletesIt() throws Exception {
    assertThat(kubectl("--as=bob@example.com", "delete", "vdi", "own", "--wait=false")).isNotZero();
    assertThat(kubectl("--as=Alice@example.com", "delete", "vdi", "own", "--wait=false")).isZero();
    assertThat(api.get(ResourceType.SESSION, namespace, "own").orElseThrow().metadata())
        .matches(ObjectMeta::isDeleting);
    assertThat(
            kubectl("--as=bob@example.com", "patch", "vdi", "own", "--type=merge", "-p", RELEASE))
        .isNotZero();
    String spec = "{\"spec\": {\"timeout\": \"9h\"}}";
    assertThat(kubectl("patch", "vdi", "own", "--type=merge", "-p", spec))
        .as("a change of the spec needs the webhook, also by an admin")
        .isNotZero();
    assertThat(kubectl("patch", "vdi", "own", "--type=merge", "-p", RELEASE)).isZero();
  }

  /** Who may manage sessions by RBAC, without being in an admin group. */
  @Test
  void anAdminByRbacDeletesAndReleases() throws Exception {
    String[] admin = {"--as=kubernetes-admin", "--as-group=kubeadm:cluster-admins"};
    assertThat(kubectl(admin, "delete", "vdi", "managed", "--wait=false")).isZero();
    assertThat(kubectl(admin, "patch", "vdi", "managed", "--type=merge", "-p", RELEASE)).isZero();
    assertThat(api.get(ResourceType.SESSION, namespace, "managed").isNotFound()).isTrue();
  }

  @Test
  void createsAndChangesAreRefused() throws Exception {
    assertThat(isUnavailable(api.create(ResourceType.SESSION, namespace, session("new")))).isTrue();
    assertThat(kubectl("patch", "vdi", "kept", "--type=merge", "-p", RELEASE)).isNotZero();
    VdiSession kept = api.get(ResourceType.SESSION, namespace, "kept").orElseThrow();
    assertThat(kept.metadata().finalizers()).containsExactly(VdiSession.FINALIZER);
  }

  /** A client can send any deletionTimestamp; the API server ignores it. */
  @Test
  void aForgedDeletionTimestampBypassesNothing() {
    String path = ResourceType.SESSION.path(namespace, "kept");
    JsonObject kept = api.request("GET", path, null).orElseThrow();
    kept.getAsJsonObject("metadata").addProperty("deletionTimestamp", "2026-01-01T00:00:00Z");
    kept.getAsJsonObject("spec").addProperty("timeout", "9h");
    assertThat(isUnavailable(api.request("PUT", path, kept))).isTrue();
  }

  /** The condition must not fail for a DELETE, which has no new object. */
  @Test
  void theDeletionOfATemplateIsStillChecked() {
    String uid = api.get(ResourceType.TEMPLATE, "", "deleted-template").orElseThrow().uid();
    assertThat(isUnavailable(api.delete(ResourceType.TEMPLATE, "", "deleted-template", uid)))
        .isTrue();
  }

  private static boolean isUnavailable(ApiResult<?> result) {
    return result.failure().filter(failure -> failure.message().contains(UNAVAILABLE)).isPresent();
  }

  private int kubectl(String[] identity, String... arguments) throws Exception {
    return kubectl(
        Stream.concat(Arrays.stream(identity), Arrays.stream(arguments)).toArray(String[]::new));
  }

  /** The exit status; an error must be that of the webhook. */
  private int kubectl(String... arguments) throws Exception {
    Kubectl.Result result = new Kubectl(cluster, namespace).run(arguments);
    if (result.exitStatus() != 0) {
      assertThat(result.output()).contains(UNAVAILABLE);
    }
    return result.exitStatus();
  }

  private static JsonObject session(String name) {
    return Manifests.parse(
            """
            apiVersion: vdi.kasm.io/v1alpha1
            kind: VDISession
            metadata: {name: %s, finalizers: [%s]}
            spec: {user: alice@example.com, template: t}
            """
                .formatted(name, VdiSession.FINALIZER))
        .getFirst();
  }

  private static JsonObject template(String name) {
    return Manifests.parse(
            """
            apiVersion: vdi.kasm.io/v1alpha1
            kind: VDITemplate
            metadata: {name: %s}
            spec: {image: x}
            """
                .formatted(name))
        .getFirst();
  }
}
