package io.vdi.operator.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.SessionFixture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The API server rejects invalid objects by the CRDs' schema and CEL rules: one case for each rule,
 * with its message.
 */
@ExtendWith(ClusterExtension.class)
class SchemaIT {
  private final KubeClient api;
  private final TestNamespace namespace;

  SchemaIT(KubeClient api, TestNamespace namespace) {
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster) {
    TestController.install(cluster);
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
          template: t, idleTimeout: 0h                      | must be a duration above zero, such as 30m
          template: t, suspended: 'yes'                     | spec.suspended
          template: ''                                      | spec.template
          template: Not_A_Name                              | spec.template
          resources: {gpu: 1}                               | spec.template: Required value
          """)
  void rejectsInvalidSession(String spec, String message) {
    assertRejected(namespace.session("invalid").tryCreate(spec), message);
  }

  @ParameterizedTest
  @CsvSource({"alice", "alice@example", "alice @example.com", "''", "@", "a@b."})
  void rejectsInvalidEmail(String user) {
    assertRejected(namespace.session("invalid").ofUser(user).tryCreate("template: t"), "spec.user");
  }

  @Test
  void rejectsEmailOf255Characters() {
    assertRejected(
        namespace
            .session("invalid")
            .ofUser("m".repeat(243) + "@example.com")
            .tryCreate("template: t"),
        "spec.user: Too long: may not be more than 254");
  }

  @ParameterizedTest
  @CsvSource({"1desk", "desk.top", "-desk"})
  void rejectsNameThatIsInvalidForService(String name) {
    assertRejected(session(name).tryCreate("template: t"), "metadata.name");
  }

  @Test
  void rejectsNameOf64Characters() {
    assertRejected(
        session("n".repeat(64)).tryCreate("template: t"), "metadata.name must be at most 63");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"spec": {"user": "bob@example.com"}}                        | user is immutable
          {"spec": {"template": "other"}}                              | template is immutable
          {"spec": {"persistence": {"storageClassName": "other"}}}     | persistence.storageClassName is immutable
          {"spec": {"persistence": null}}                              | persistence.storageClassName is immutable
          """)
  void rejectsInvalidChange(String patch, String message) {
    SessionFixture session =
        session("change-" + Integer.toHexString(patch.hashCode()))
            .create("template: t, persistence: {size: 2Gi, storageClassName: fast}");
    assertRejected(session.tryPatch(patch), message);
  }

  @Test
  void acceptsValidChanges() {
    SessionFixture session =
        session("valid-change").create("template: t, persistence: {size: 2Gi}");
    session.patchSpec("persistence: {size: 3Gi}, timeout: 1h30m");
    session.patchSpec("resources: {gpu: 2}, suspended: true");
    assertThat(session.get().spec().persistence().size()).isEqualTo("3Gi");
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
          {image: x, resources: {ephemeralStorage: '0'}}       | must be a quantity above zero, such as 10Gi
          {image: x, env: [{name: 'a b', value: c}]}           | spec.env[0].name
          {image: x, env: [{name: 1a, value: c}]}              | spec.env[0].name
          {image: x, port: 70000}                              | spec.port
          {image: x, transport: pigeon}                        | supported values: "websockets", "webrtc", "dual"
          {image: x, maxTimeout: 1 day}                        | spec.maxTimeout
          {image: x, gpu: {resourceName: a.b/c, deviceClassName: d}} | resourceName and deviceClassName exclude each other: leave one of them out
          {image: x, gpu: {selectors: [x]}}                    | selectors and deviceConfig need deviceClassName: set it, or leave them out
          {image: x, gpu: {deviceClassName: A_B}}              | spec.gpu.deviceClassName
          {image: x, gpu: {deviceClassName: a, deviceConfig: {driver: d}}} | spec.gpu.deviceConfig.parameters: Required value
          {image: x, healthPath: health}                       | spec.healthPath
          {image: x, imagePullPolicy: Sometimes}               | supported values
          """)
  void rejectsInvalidTemplate(String spec, String message) {
    assertRejected(
        api.create(
            ResourceType.TEMPLATE,
            "",
            Manifests.parse(
                    "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: invalid}, spec: "
                        + spec
                        + "}")
                .getFirst()),
        message);
  }

  /** The e-mail does not depend on the name, so that the name alone is invalid. */
  private SessionFixture session(String name) {
    return namespace.session(name).ofUser("alice@example.com");
  }

  private static void assertRejected(ApiResult<?> result, String message) {
    assertThat(result.failure())
        .hasValueSatisfying(failure -> assertThat(failure.message()).contains(message));
  }
}
