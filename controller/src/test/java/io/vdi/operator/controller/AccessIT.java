package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Who can read the Secret of a session, with the real RBAC of the API server;
 * docs/specification.md, section 2, Access. The users have the verbs on sessions in the namespace,
 * and nothing else.
 */
@ExtendWith(ClusterExtension.class)
class AccessIT {
  private static final String RBAC = "apiVersion: rbac.authorization.k8s.io/v1, ";

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  AccessIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
    TestTemplates.applySimulated(api, "access", "port: 8080");
  }

  @Test
  void theUserReadsThePasswordOfTheOwnSessionAndNoOther() throws Exception {
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture hers = session("hers", "alice@example.com");
      SessionFixture his = session("his", "bob@example.com");
      hers.awaitPhase(Phase.RUNNING);
      his.awaitPhase(Phase.RUNNING);
      KubeClient alice = as("alice@example.com");
      KubeClient bob = as("bob@example.com");
      try {
        // What kubectl vdi open reads.
        until("alice reads her Secret", () -> secret(alice, "hers").ok().isPresent());
        assertThat(secret(alice, "hers").orElseThrow().getAsJsonObject("data").has("password"))
            .isTrue();
        until("bob reads his Secret", () -> secret(bob, "his").ok().isPresent());
        for (ApiResult<?> refused :
            List.of(
                secret(bob, "hers"),
                secret(alice, "his"),
                alice.request("GET", ResourceType.SECRET.path(namespace.name()), null),
                alice.request("DELETE", secretPath("hers"), null),
                alice.request(
                    "GET", ResourceType.ROLE.path(namespace.name(), "vdi-auth-hers"), null))) {
          assertThat(refused).isInstanceOf(ApiResult.Rejected.class);
          assertThat(((ApiResult.Rejected<?>) refused).code()).isEqualTo(403);
        }
      } finally {
        alice.close();
        bob.close();
      }
      hers.deleteAndAwaitNotFound();
      until("the garbage collector", () -> child(hers, ResourceType.ROLE_BINDING).isNotFound());
      until("the garbage collector", () -> child(hers, ResourceType.ROLE).isNotFound());
    }
  }

  @Test
  void accessComesBackAndFollowsTheConfiguration() {
    try (RunningService.InThisJvm controller =
        CONTROLLER.withConfigFile("identity: {prefix: 'oidc:'}").start(cluster)) {
      SessionFixture session = session("follows", "Carol@example.com");
      session.awaitPhase(Phase.RUNNING);
      untilSubjects(session, "[oidc:Carol@example.com, oidc:carol@example.com]");
      api.request("DELETE", session.childPath(ResourceType.ROLE), null).orElseThrow();
      until("the Role", () -> child(session, ResourceType.ROLE).ok().isPresent());
      untilSubjects(session, "[oidc:Carol@example.com, oidc:carol@example.com]");
      api.request("DELETE", session.childPath(ResourceType.ROLE_BINDING), null).orElseThrow();
      untilSubjects(session, "[oidc:Carol@example.com, oidc:carol@example.com]");
      controller.configure("identity: {users: [{name: carol, email: carol@example.com}]}");
      untilSubjects(session, "[carol, Carol@example.com, carol@example.com]");
      controller.configure("identity: {extraKey: email}");
      session.awaitUntil("no user name", s -> accessReason(s).equals("NoUserName"));
      until("no Role", () -> child(session, ResourceType.ROLE).isNotFound());
      until("no RoleBinding", () -> child(session, ResourceType.ROLE_BINDING).isNotFound());
      controller.configure("access: {sessionRoles: false}");
      session.awaitUntil("no condition", s -> accessReason(s).isEmpty());
      assertThat(session.get().status().phase()).isEqualTo(Phase.RUNNING);
    }
  }

  /** A RoleBinding of this session that another client has made for another Role. */
  @Test
  void aRoleBindingForAnotherRoleIsReplaced() {
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = session("swapped", "dora@example.com");
      session.awaitPhase(Phase.RUNNING);
      untilSubjects(session, "[dora@example.com]");
      JsonObject binding = child(session, ResourceType.ROLE_BINDING).orElseThrow();
      api.request("DELETE", session.childPath(ResourceType.ROLE_BINDING), null).orElseThrow();
      until("again", () -> child(session, ResourceType.ROLE_BINDING).ok().isPresent());
      JsonObject other = binding.deepCopy();
      other.getAsJsonObject("roleRef").addProperty("kind", "ClusterRole");
      other.getAsJsonObject("roleRef").addProperty("name", "cluster-admin");
      JsonObject metadata = other.getAsJsonObject("metadata");
      metadata.remove("uid");
      metadata.remove("resourceVersion");
      // As if an earlier version of the operator had written it.
      metadata
          .getAsJsonObject("annotations")
          .addProperty("vdi.kasm.io/desired-hash", "of-an-earlier-version");
      until(
          "the exchange",
          () -> {
            api.request("DELETE", session.childPath(ResourceType.ROLE_BINDING), null);
            return api.request("POST", ResourceType.ROLE_BINDING.path(namespace.name()), other)
                .ok()
                .isPresent();
          });
      until(
          "the session's own Role",
          () ->
              child(session, ResourceType.ROLE_BINDING)
                  .orElseThrow()
                  .getAsJsonObject("roleRef")
                  .get("name")
                  .getAsString()
                  .equals("vdi-auth-swapped"));
    }
  }

  @Test
  void aForeignRoleIsNeitherChangedNorBound() {
    Manifests.apply(
        api,
        "{"
            + RBAC
            + "kind: Role, metadata: {name: vdi-auth-foreign}, rules: [{apiGroups: [''],"
            + " resources: [pods], verbs: [get, list, delete]}]}",
        namespace.name());
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = session("foreign", "eve@example.com");
      session.awaitPhase(Phase.RUNNING);
      Condition access =
          session.awaitCondition(
              Condition.ACCESS_READY, ready -> ready.reason().equals("ForeignObject"));
      assertThat(access.message())
          .contains("Role vdi-auth-foreign exists and is not owned by this session");
      assertThat(session.get().status().phase()).isEqualTo(Phase.RUNNING);
      assertThat(child(session, ResourceType.ROLE_BINDING).isNotFound()).isTrue();
      assertThat(child(session, ResourceType.ROLE).orElseThrow().get("rules").toString())
          .contains("pods");
      api.request("DELETE", session.childPath(ResourceType.ROLE), null).orElseThrow();
      untilSubjects(session, "[eve@example.com]");
      session.awaitUntil("no condition", s -> accessReason(s).isEmpty());
    }
  }

  /** A session named after a Secret of another application must not make it readable. */
  @Test
  void aForeignSecretIsNotMadeReadable() {
    Manifests.apply(
        api,
        "{apiVersion: v1, kind: Secret, metadata: {name: vdi-auth-taken}, stringData: {key: x}}",
        namespace.name());
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = session("taken", "eve@example.com");
      session.awaitPhase(Phase.FAILED);
      assertThat(child(session, ResourceType.ROLE).isNotFound()).isTrue();
      assertThat(child(session, ResourceType.ROLE_BINDING).isNotFound()).isTrue();
    }
  }

  /** Such as by a policy engine: here by a webhook that nobody serves. */
  @Test
  void aRefusedRoleIsReportedAndTriedAgain() {
    Manifests.apply(
        api,
        """
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingWebhookConfiguration
        metadata: {name: no-roles}
        webhooks:
          - name: no-roles.example.com
            admissionReviewVersions: [v1]
            sideEffects: None
            failurePolicy: Fail
            clientConfig: {url: "https://127.0.0.1:1/"}
            namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %s}}
            rules:
              - {apiGroups: [rbac.authorization.k8s.io], apiVersions: [v1], operations: [CREATE], resources: [roles]}
        """
            .formatted(namespace.name()));
    String path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/no-roles";
    try (RunningService _ = CONTROLLER.start(cluster)) {
      until("the webhook", this::isRoleRefused);
      SessionFixture session = session("refused", "finn@example.com");
      session.awaitPhase(Phase.RUNNING);
      assertThat(session.awaitCondition(Condition.ACCESS_READY, _ -> true).message())
          .contains("no-roles.example.com");
      assertThat(session.get().status().phase()).isEqualTo(Phase.RUNNING);
      api.request("DELETE", path, null).orElseThrow();
      untilSubjects(session, "[finn@example.com]");
    } finally {
      api.request("DELETE", path, null);
    }
  }

  private boolean isRoleRefused() {
    JsonObject role =
        Manifests.parse("{" + RBAC + "kind: Role, metadata: {name: vdi-auth-refused}, rules: []}")
            .getFirst();
    return api.request("POST", ResourceType.ROLE.path(namespace.name()) + "?dryRun=All", role)
        .failure()
        .isPresent();
  }

  private SessionFixture session(String name, String user) {
    return namespace.session(name).ofUser(user).create("template: access");
  }

  private static String accessReason(VdiSession session) {
    return session.status().condition(Condition.ACCESS_READY).map(Condition::reason).orElse("");
  }

  /** The admin of the cluster, as this user, who has only the verbs on sessions. */
  private KubeClient as(String user) throws Exception {
    Manifests.apply(
        api,
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: sessions}
        rules: [{apiGroups: [vdi.kasm.io], resources: [vdisessions], verbs: [get, list, watch, create, update, patch, delete]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: 'sessions-%1$s'}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: sessions}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: '%2$s'}]
        """
            .formatted(user.replace('@', '.'), user),
        namespace.name());
    return KubeClientFactory.fromKubeconfig(
        cluster.kubeconfig(),
        http ->
            http.addInterceptor(chain ->
                chain.proceed(
                    chain.request().newBuilder().header("Impersonate-User", user).build())));
  }

  private ApiResult<JsonObject> secret(KubeClient user, String session) {
    return user.request("GET", secretPath(session), null);
  }

  private String secretPath(String session) {
    return ResourceType.SECRET.path(namespace.name(), "vdi-auth-" + session);
  }

  private ApiResult<JsonObject> child(SessionFixture session, ResourceType<?> type) {
    return api.request("GET", session.childPath(type), null);
  }

  private void untilSubjects(SessionFixture session, String names) {
    until(
        "the subjects " + names,
        () -> {
          JsonArray subjects =
              child(session, ResourceType.ROLE_BINDING).orElseThrow().getAsJsonArray("subjects");
          return subjects.asList().stream()
              .map(subject -> subject.getAsJsonObject().get("name").getAsString())
              .toList()
              .toString()
              .equals(names);
        });
  }

  private static void until(String what, Callable<Boolean> condition) {
    await(what).atMost(SessionFixture.PATIENCE).ignoreExceptions().until(condition);
  }
}
