package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import okhttp3.Request;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Alice and bob have the role {@code edit} in the same namespace, and bob may write the status as
 * well. Carol has the role {@code admin}, and kubernetes-admin is an admin of a kubeadm cluster.
 * RBAC and admission are real.
 */
@ExtendWith(ClusterExtension.class)
class OwnershipIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String RELEASE = "{\"metadata\": {\"finalizers\": null}}";
  private static final String KEEP =
      "{\"metadata\": {\"annotations\": {\"vdi.kasm.io/keep\": \"true\"}}}";

  private static WebhookFleet fleet;
  private static KubeClient alice;
  private static KubeClient bob;
  private static KubeClient carol;
  private static KubeClient kubeadm;

  @TempDir private Path folder;

  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;
  private String before = "";

  OwnershipIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void start(Cluster cluster, TestNamespace namespace) throws Exception {
    // The groups of the default would make every account in kube-system an admin.
    fleet = new WebhookFleet(cluster, 1, "identity: {adminGroups: ['system:masters']}", Map.of());
    KubeClient api = cluster.connect();
    new ChartInstaller(cluster, WebhookFleet.CHART, WebhookFleet.NAMESPACE).installUserRoles();
    Manifests.apply(api, roles(), namespace.name());
    Manifests.apply(
        api,
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: kubeadm:cluster-admins}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'kubeadm:cluster-admins'}]
        """);
    alice = as(cluster, "alice@example.com");
    bob = as(cluster, "bob@example.com");
    carol = as(cluster, "carol");
    kubeadm = as(cluster, "kubernetes-admin", "kubeadm:cluster-admins");
    WebhookFleet.createTemplate(kubeadm, "owned");
    // The roles are aggregated in the background.
    await()
        .atMost(PATIENCE)
        .until(() ->
            bob.list(ResourceType.SESSION, namespace.name(), "").ok().isPresent()
                && carol.list(ResourceType.SESSION, namespace.name(), "").ok().isPresent());
    api.close();
  }

  private static String roles() {
    StringBuilder manifests =
        new StringBuilder(
            """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: status}
            rules: [{apiGroups: [vdi.kasm.io], resources: [vdisessions/status], verbs: [get, update, patch]}]
            """);
    for (String binding :
        List.of(
            "ClusterRole edit alice@example.com",
            "ClusterRole edit bob@example.com",
            "ClusterRole admin carol",
            "Role status bob@example.com",
            "Role status carol")) {
      String[] parts = binding.split(" ", 3);
      manifests.append(
          """
          ---
          apiVersion: rbac.authorization.k8s.io/v1
          kind: RoleBinding
          metadata: {name: '%2$s-%4$s'}
          roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %1$s, name: %2$s}
          subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: '%3$s'}]
          """
              .formatted(parts[0], parts[1], parts[2], parts[2].replace("@", ".")));
    }
    return manifests.toString();
  }

  /** The admin of the cluster, as another user. */
  private static KubeClient as(Cluster cluster, String user, String... groups) throws Exception {
    return KubeClientFactory.fromKubeconfig(
        cluster.kubeconfig(),
        http ->
            http.addInterceptor(chain -> {
              Request.Builder request =
                  chain.request().newBuilder().header("Impersonate-User", user);
              for (String group : groups) {
                request.addHeader("Impersonate-Group", group);
              }
              return chain.proceed(request.build());
            }));
  }

  @AfterAll
  static void stop() {
    List.of(alice, bob, carol, kubeadm).forEach(KubeClient::close);
    fleet.close();
  }

  @BeforeEach
  void createSessions() {
    alice.create(ResourceType.SESSION, namespace, session("hers", "alice")).orElseThrow();
    bob.create(ResourceType.SESSION, namespace, session("his", "bob")).orElseThrow();
    before = hers();
  }

  @AfterEach
  void deleteSessions() {
    for (String name : List.of("hers", "his")) {
      api.mergePatch(ResourceType.SESSION, namespace, name, json(RELEASE));
      api.request("DELETE", ResourceType.SESSION.path(namespace, name), null);
    }
  }

  @Test
  void bobDoesNotDeleteASessionOfAlice() {
    ApiResult<?> refused = bob.request("DELETE", path("hers"), null);
    assertRefused(refused, "bob@example.com may only delete sessions of its own e-mail");
    assertRefused(refused, "identity.adminGroups");
    assertRefused(
        refused, "the RBAC verb manage on vdisessions.vdi.kasm.io in namespace " + namespace);
    assertRefused(
        bob.request("DELETE", path("hers"), json("{\"propagationPolicy\": \"Orphan\"}")),
        "may only");
    assertRefused(bob.request("DELETE", path("hers") + "?dryRun=All", null), "may only");
    assertRefused(
        bob.request("DELETE", ResourceType.SESSION.path(namespace), null), "may only delete");
    assertUnchanged();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"spec\": {\"timeout\": \"1h\"}}",
        "{\"spec\": {\"suspended\": true}}",
        "{\"metadata\": {\"labels\": {\"a\": \"b\"}}}",
        "{\"metadata\": {\"annotations\": {\"a\": \"b\"}}}",
        "{\"metadata\": {\"annotations\": {\"vdi.kasm.io/keep\": \"true\"}}}",
        "{\"metadata\": {\"finalizers\": [\"example.com/stuck\"]}}",
        "{\"metadata\": {\"ownerReferences\": [{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\","
            + " \"name\": \"gone\", \"uid\": \"0b5bb6fc-64a8-4e8f-a1a3-3a2a5a3c8d3f\"}]}}"
      })
  void bobDoesNotChangeASessionOfAlice(String patch) {
    assertRefused(bob.mergePatch(ResourceType.SESSION, namespace, "hers", json(patch)), "may only");
    assertUnchanged();
  }

  @Test
  void bobDoesNotTakeOverASessionOfAlice() {
    assertRefused(
        bob.mergePatch(
            ResourceType.SESSION,
            namespace,
            "hers",
            json("{\"spec\": {\"user\": \"bob@example.com\"}}")),
        "user is immutable");
    assertUnchanged();
  }

  /** Server-side apply with the same values changes only who manages the fields. */
  @Test
  void bobDoesNotApplyASessionOfAlice() throws Exception {
    Path same = Files.writeString(folder.resolve("same.json"), session("hers", "alice").toString());
    assertThat(
            new Kubectl(cluster, namespace)
                .run(
                    "--as=bob@example.com",
                    "apply",
                    "--server-side",
                    "--force-conflicts",
                    "--validate=false",
                    "--field-manager=bob",
                    "-f",
                    same.toString())
                .output())
        .contains("may only create and change sessions");
    assertThat(hers()).isEqualTo(before);
  }

  @Test
  void nobodyButTheOperatorWritesAStatus() {
    JsonObject status = json("{\"status\": {\"phase\": \"Running\"}}");
    for (KubeClient user : List.of(bob, carol, kubeadm, api)) {
      assertRefused(
          user.mergePatchStatus(ResourceType.SESSION, namespace, "hers", status),
          "identity.operatorAccounts");
    }
    assertUnchanged();
    KubeClient controller =
        Cluster.connect(
            cluster.serviceAccountKubeconfig(
                WebhookFleet.NAMESPACE, "vdi-controller", folder.resolve("controller")));
    controller.mergePatchStatus(ResourceType.SESSION, namespace, "hers", status).orElseThrow();
    controller.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"metadata\": {\"annotations\": {\"vdi.kasm.io/keep\": \"true\"}}}",
        "{\"metadata\": {\"annotations\": {\"vdi.kasm.io/ended-by\": \"idle\"}}}",
        "{\"metadata\": {\"labels\": {\"vdi.kasm.io/user\": \"alice\"}}}",
        "{\"metadata\": {\"ownerReferences\": [{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\","
            + " \"name\": \"gone\", \"uid\": \"0b5bb6fc-64a8-4e8f-a1a3-3a2a5a3c8d3f\"}]}}"
      })
  void bobSetsNothingReservedOnHisOwnSession(String patch) {
    assertRefused(
        bob.mergePatch(ResourceType.SESSION, namespace, "his", json(patch)), "only admins");
    JsonObject created = session("new", "bob");
    json(patch)
        .getAsJsonObject("metadata")
        .asMap()
        .forEach(created.getAsJsonObject("metadata")::add);
    assertRefused(bob.create(ResourceType.SESSION, namespace, created), "only admins");
  }

  @Test
  void aliceDoesWhatSheLikesWithHerSession() {
    for (String patch :
        List.of(
            "{\"spec\": {\"timeout\": \"9h\"}}",
            "{\"spec\": {\"suspended\": true}}",
            "{\"metadata\": {\"labels\": {\"a\": \"b\"}, \"annotations\": {\"a\": \"b\"}}}",
            "{\"metadata\": {\"finalizers\": [\"example.com/backup\"]}}")) {
      alice.mergePatch(ResourceType.SESSION, namespace, "hers", json(patch)).orElseThrow();
    }
    alice.request("DELETE", path("hers"), null).orElseThrow();
    assertRefused(
        bob.mergePatch(ResourceType.SESSION, namespace, "hers", json(RELEASE)), "may only");
    alice.mergePatch(ResourceType.SESSION, namespace, "hers", json(RELEASE)).orElseThrow();
    assertThat(api.get(ResourceType.SESSION, namespace, "hers").isNotFound()).isTrue();
  }

  @Test
  void anAdminByRbacDoesEverything() {
    for (KubeClient admin : List.of(carol, kubeadm)) {
      admin.create(ResourceType.SESSION, namespace, session("other", "dave")).orElseThrow();
      admin.mergePatch(ResourceType.SESSION, namespace, "other", json(KEEP)).orElseThrow();
      admin
          .mergePatch(
              ResourceType.SESSION, namespace, "hers", json("{\"spec\": {\"timeout\": \"7h\"}}"))
          .orElseThrow();
      admin.request("DELETE", path("other"), null).orElseThrow();
    }
    // Carol is an admin of one namespace.
    assertThat(carol.create(ResourceType.SESSION, "default", session("other", "dave")).failure())
        .isPresent();
  }

  @Test
  void theGarbageCollectorDeletesASessionWithTheOwnerThatAnAdminGaveIt() {
    Manifests.apply(api, "{apiVersion: v1, kind: ConfigMap, metadata: {name: owner}}", namespace);
    String uid =
        api.request("GET", "/api/v1/namespaces/" + namespace + "/configmaps/owner", null)
            .orElseThrow()
            .getAsJsonObject("metadata")
            .get("uid")
            .getAsString();
    JsonObject owner =
        json(
            "{\"metadata\": {\"ownerReferences\": [{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\","
                + " \"name\": \"owner\", \"uid\": \""
                + uid
                + "\"}]}}");
    carol.mergePatch(ResourceType.SESSION, namespace, "hers", owner).orElseThrow();
    api.request("DELETE", "/api/v1/namespaces/" + namespace + "/configmaps/owner", null)
        .orElseThrow();
    await()
        .atMost(PATIENCE)
        .until(() -> api.get(ResourceType.SESSION, namespace, "hers").isNotFound());
  }

  /** Foreground deletion: the garbage collector removes a finalizer from a deleting session. */
  @Test
  void theGarbageCollectorReleasesASessionThatIsDeletedInTheForeground() {
    alice
        .request("DELETE", path("hers"), json("{\"propagationPolicy\": \"Foreground\"}"))
        .orElseThrow();
    await()
        .atMost(PATIENCE)
        .until(() -> api.get(ResourceType.SESSION, namespace, "hers").isNotFound());
  }

  @Test
  void aNamespaceIsDeletedWithItsSessions() {
    String doomed = namespace + "-doomed";
    Manifests.apply(api, "{apiVersion: v1, kind: Namespace, metadata: {name: " + doomed + "}}");
    JsonObject session = session("last", "alice");
    session.getAsJsonObject("metadata").add("finalizers", new JsonArray());
    session.getAsJsonObject("metadata").getAsJsonArray("finalizers").add(VdiSession.FINALIZER);
    api.create(ResourceType.SESSION, doomed, session).orElseThrow();
    api.request("DELETE", "/api/v1/namespaces/" + doomed, null).orElseThrow();
    await()
        .atMost(PATIENCE)
        .until(() ->
            api.get(ResourceType.SESSION, doomed, "last").orElseThrow().metadata().isDeleting());
    // What the controller does.
    api.mergePatch(ResourceType.SESSION, doomed, "last", json(RELEASE)).orElseThrow();
    await()
        .atMost(PATIENCE)
        .until(() -> api.request("GET", "/api/v1/namespaces/" + doomed, null).isNotFound());
  }

  /** The session of alice, as the API server stores it. */
  private String hers() {
    return api.request("GET", path("hers"), null).orElseThrow().toString();
  }

  private void assertUnchanged() {
    assertThat(hers()).isEqualTo(before);
  }

  private String path(String name) {
    return ResourceType.SESSION.path(namespace, name);
  }

  private static JsonObject session(String name, String user) {
    return Manifests.parse(
            """
            apiVersion: vdi.kasm.io/v1alpha1
            kind: VDISession
            metadata: {name: %s}
            spec: {user: %s@example.com, template: owned}
            """
                .formatted(name, user))
        .getFirst();
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }

  private static void assertRefused(ApiResult<?> result, String message) {
    assertThat(result.failure())
        .as("failure of %s", result)
        .hasValueSatisfying(failure -> assertThat(failure.message()).contains(message));
  }
}
