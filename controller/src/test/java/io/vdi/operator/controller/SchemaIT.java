package io.vdi.operator.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the API server itself refuses, by schema and CEL: one case for each rule, with its words.
 */
@ExtendWith(ClusterExtension.class)
class SchemaIT {
  private static final String USER = "alice@example.com";

  private final KubeClient api;
  private final String namespace;

  SchemaIT(KubeClient api, TestNamespace namespace) {
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void install(Cluster cluster) {
    new ChartInstaller(cluster, RunningController.CHART, RunningController.NAMESPACE)
        .installController();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          template: t, resources: {gpu: 0}                  | spec.resources.gpu: Invalid value: 0
          template: t, resources: {gpu: -1}                 | should be greater than or equal to 1
          template: t, resources: {gpu: 1.5}                | spec.resources.gpu
          template: t, resources: {memory: lots}            | must be a quantity above zero, such as 4Gi
          template: t, resources: {memory: 0Gi}             | must be a quantity above zero, such as 4Gi
          template: t, resources: {memory: -4Gi}            | must be a quantity above zero, such as 4Gi
          template: t, resources: {cpu: '0'}                | must be a quantity above zero, such as 500m or 2
          template: t, persistence: {size: big}             | must be a quantity above zero, such as 10Gi
          template: t, persistence: {reclaimPolicy: Keep}   | supported values: "Delete", "Retain"
          template: t, persistence: {enabled: maybe}        | spec.persistence.enabled
          template: t, timeout: 8                           | spec.timeout
          template: t, timeout: 8d                          | spec.timeout
          template: t, timeout: 0h                          | must be a duration above zero, such as 8h or 1h30m
          template: t, timeout: ''                          | spec.timeout
          template: t, idleTimeout: soon                    | spec.idleTimeout
          template: t, idleTimeout: 0s                      | must be a duration above zero, such as 30m
          template: t, suspended: 'yes'                     | spec.suspended
          template: ''                                      | spec.template
          template: Not_A_Name                              | spec.template
          resources: {gpu: 1}                               | spec.template: Required value
          """)
  void badSessionsAreRefused(String spec, String words) {
    assertRefused(new SessionFixture(api, namespace, "bad").submit(USER, spec), words);
  }

  @ParameterizedTest
  @CsvSource({"alice", "alice@example", "alice @example.com", "''", "@", "a@b."})
  void badEmailsAreRefused(String user) {
    assertRefused(
        new SessionFixture(api, namespace, "bad").submit(user, "template: t"), "spec.user");
  }

  @Test
  void anEmailOf255IsRefused() {
    assertRefused(
        new SessionFixture(api, namespace, "bad")
            .submit("m".repeat(243) + "@example.com", "template: t"),
        "spec.user: Too long: may not be more than 254");
  }

  @ParameterizedTest
  @CsvSource({"1desk", "desk.top", "-desk"})
  void namesThatNoServiceCanBearAreRefused(String name) {
    ApiResult<VdiSession> result =
        new SessionFixture(api, namespace, name).submit(USER, "template: t");
    assertTrue(result.failure().isPresent(), name);
    assertTrue(result.failure().get().message().contains("metadata.name"), name);
  }

  @Test
  void aNameOf64IsRefused() {
    assertRefused(
        new SessionFixture(api, namespace, "n".repeat(64)).submit(USER, "template: t"),
        "metadata.name must be at most 63");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"spec": {"user": "bob@example.com"}}                        | user is immutable
          {"spec": {"template": "other"}}                              | template is immutable
          {"spec": {"persistence": {"size": "1Gi"}}}                   | persistence.size may grow but never shrink
          {"spec": {"persistence": {"size": null}}}                    | persistence.size may grow but never shrink
          {"spec": {"persistence": {"storageClassName": "other"}}}     | persistence.storageClassName is immutable
          {"spec": {"persistence": null}}                              | persistence.storageClassName is immutable
          """)
  void badChangesAreRefused(String patch, String words) {
    SessionFixture desk =
        new SessionFixture(api, namespace, "change-" + Integer.toHexString(patch.hashCode()));
    desk.submit(USER, "template: t, persistence: {size: 2Gi, storageClassName: fast}")
        .orElseThrow();
    assertRefused(
        api.mergePatch(ResourceType.SESSION, namespace, desk.name(), SessionFixture.parse(patch)),
        words);
  }

  @Test
  void goodChangesAreTaken() {
    SessionFixture desk = new SessionFixture(api, namespace, "good-change");
    desk.submit(USER, "template: t, persistence: {size: 2Gi}").orElseThrow();
    desk.patch("{\"spec\": {\"persistence\": {\"size\": \"3Gi\"}, \"timeout\": \"1h30m\"}}");
    desk.patch("{\"spec\": {\"resources\": {\"gpu\": 2}, \"suspended\": true}}");
    assertEquals("3Gi", desk.session().spec().persistence().size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                                   | spec.image: Required value
          {image: ''}                                          | spec.image
          {image: x, resources: {defaultGPU: -1}}              | should be greater than or equal to 0
          {image: x, resources: {maxMemory: lots}}             | must be a quantity above zero
          {image: x, env: [{name: 'a b', value: c}]}           | spec.env[0].name
          {image: x, env: [{name: 1a, value: c}]}              | spec.env[0].name
          {image: x, port: 70000}                              | spec.port
          {image: x, transport: pigeon}                        | supported values: "websockets", "webrtc", "dual"
          {image: x, maxTimeout: 1 day}                        | spec.maxTimeout
          {image: x, healthPath: health}                       | spec.healthPath
          {image: x, imagePullPolicy: Sometimes}               | supported values
          """)
  void badTemplatesAreRefused(String spec, String words) {
    assertRefused(
        api.create(
            ResourceType.TEMPLATE,
            "",
            Manifests.parse(
                    "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: bad}, spec: "
                        + spec
                        + "}")
                .getFirst()),
        words);
  }

  private static void assertRefused(ApiResult<?> result, String words) {
    assertTrue(result.failure().isPresent(), "taken, and should not be");
    String message = result.failure().get().message();
    assertTrue(message.contains(words), message);
  }
}
