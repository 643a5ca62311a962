package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The controller with the permissions that the chart gives it for some namespaces;
 * docs/configuration.md, Namespaces.
 */
@ExtendWith(ClusterExtension.class)
class WatchNamespacesIT {
  private static final List<String> WATCHED = List.of("watched-a", "watched-b");
  private static final String OTHER = "not-watched";

  private final Cluster cluster;
  private final KubeClient api;

  WatchNamespacesIT(Cluster cluster, KubeClient api) {
    this.cluster = cluster;
    this.api = api;
  }

  /** Other tests need the permissions for all namespaces. */
  @AfterEach
  void installForAllNamespaces() {
    TestController.install(cluster);
  }

  @Test
  void sessionsInTheListedNamespacesRunAndOthersAreNotTouched() {
    TestController.installWithTemplates(cluster, api);
    TestTemplates.applySimulated(api, "watched", "port: 8080");
    for (String namespace : List.of("watched-a", "watched-b", OTHER)) {
      Manifests.apply(
          api,
          """
          {apiVersion: v1, kind: Namespace, metadata: {name: %1$s}}
          ---
          {apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: %1$s}}
          """
              .formatted(namespace));
    }
    String list = String.join(",", WATCHED);
    new ChartInstaller(
            cluster,
            ServiceUnderTest.CHART,
            OperatorService.NAMESPACE,
            List.of("watchNamespaces={" + list + "}"))
        .installController();
    await("the permissions of the controller")
        .atMost(SessionFixture.PATIENCE)
        .until(() ->
            isAllowed("list", "secrets", "watched-a")
                && !isAllowed("list", "secrets", OTHER)
                && !isAllowed("list", "secrets", "")
                && !isAllowed("create", "pods", OTHER));
    SessionFixture outside = session(OTHER).create("template: watched");
    try (RunningService _ =
        CONTROLLER.withSettings(Map.of("vdiConfig_WATCH_NAMESPACES", list)).start(cluster)) {
      for (String namespace : WATCHED) {
        SessionFixture session = session(namespace).create("template: watched");
        session.awaitPhase(Phase.RUNNING);
        session.expectChild(ResourceType.SECRET);
        session.deleteAndAwaitNotFound();
      }
      assertThat(outside.get().metadata().finalizers()).isEmpty();
      assertThat(outside.get().status().currentPhase()).isEmpty();
      assertThat(outside.child(ResourceType.POD).isNotFound()).isTrue();
    } finally {
      outside.delete();
    }
  }

  private SessionFixture session(String namespace) {
    return new SessionFixture(
        api, namespace, "desk", namespace + "@example.com", SessionFixture.PATIENCE);
  }

  private boolean isAllowed(String verb, String resource, String namespace) {
    JsonObject review =
        Manifests.parse(
                """
                {apiVersion: authorization.k8s.io/v1, kind: SubjectAccessReview, spec: {
                  user: 'system:serviceaccount:%s:%s',
                  resourceAttributes: {verb: %s, resource: %s, namespace: '%s'}}}
                """
                    .formatted(
                        OperatorService.NAMESPACE,
                        OperatorService.CONTROLLER.account(),
                        verb,
                        resource,
                        namespace))
            .getFirst();
    return api.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        .orElseThrow()
        .getAsJsonObject("status")
        .get("allowed")
        .getAsBoolean();
  }
}
