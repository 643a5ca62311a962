package io.vdi.operator.common.pod;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.GpuRequest;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.yaml.snakeyaml.Yaml;

class PodTemplateRulesTest {
  private static final PodTemplateRules.Context CONTEXT =
      new PodTemplateRules.Context(
          VdiTemplate.Spec.EMPTY.server(),
          8080,
          "/home/user",
          new GpuRequest.ExtendedResource("nvidia.com/gpu"),
          List.of());

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {restartPolicy: Never}                                                   | spec.podTemplate.spec.restartPolicy "Never": is the operator's own
          {runtimeClassName: kata}                                                 | spec.podTemplate.spec.runtimeClassName "kata": use spec.runtimeClassName
          {ephemeralContainers: []}                                                | spec.podTemplate.spec.ephemeralContainers []: cannot be set when a pod is created
          {resourceClaims: [{name: nic, resourceClaimName: nic}]}                  | spec.podTemplate.spec.resourceClaims [{"name":"nic","resourceClaimName":"nic"}]: would not count for the quotas: use spec.gpu.deviceClassName
          {volumes: [{name: home}]}                                                | spec.podTemplate.spec.volumes "home": is the operator's own volume
          {volumes: [{emptyDir: {}}]}                                              | spec.podTemplate.spec.volumes[0] {"emptyDir":{}}: must be an object with name
          {volumes: none}                                                          | spec.podTemplate.spec.volumes "none": must be a list
          {volumes: null}                                                          | spec.podTemplate.spec.volumes null: must have a value: leave the field out
          {containers: [{image: a}]}                                               | spec.podTemplate.spec.containers[0] {"image":"a"}: must be an object with name
          {containers: [{name: selkies, $patch: delete}]}                          | spec.podTemplate.spec.containers[0].$patch "delete": is not supported
          {containers: [{name: selkies, image: a}]}                                | spec.podTemplate.spec.containers[selkies].image "a": use spec.image
          {containers: [{name: selkies, resources: {}}]}                           | spec.podTemplate.spec.containers[selkies].resources {}: use spec.resources
          {containers: [{name: selkies, ports: [{name: http, containerPort: 1}]}]} | spec.podTemplate.spec.containers[selkies].ports
          {containers: [{name: proxy, ports: [{containerPort: 8080}]}]}            | spec.podTemplate.spec.containers[proxy].ports
          {containers: [{name: selkies, env: [{name: SELKIES_BASIC_AUTH_PASSWORD}]}]} | spec.podTemplate.spec.containers[selkies].env "SELKIES_BASIC_AUTH_PASSWORD": is the operator's own
          {containers: [{name: selkies, env: [{name: SELKIES_TURN_HOST}]}]}        | spec.podTemplate.spec.containers[selkies].env "SELKIES_TURN_HOST"
          {containers: [{name: selkies, volumeMounts: [{mountPath: /home/user/}]}]} | spec.podTemplate.spec.containers[selkies].volumeMounts "/home/user/": is the operator's own mount
          {containers: [{name: selkies, volumeMounts: [{mountPath: /dev/shm}]}]}   | spec.podTemplate.spec.containers[selkies].volumeMounts "/dev/shm"
          {containers: [{name: gpu, resources: {limits: {nvidia.com/gpu: 1}}}]}    | spec.podTemplate.spec.containers[gpu].resources.limits[nvidia.com/gpu] 1: would not count for the quotas
          {containers: [{name: a, resources: {requests: {nvidia.com/gpu.shared: 1}}}]} | spec.podTemplate.spec.containers[a].resources.requests[nvidia.com/gpu.shared] 1: would not count
          {containers: [{name: a, resources: {limits: {nvidia.com/mig-1g.10gb: 1}}}]} | spec.podTemplate.spec.containers[a].resources.limits[nvidia.com/mig-1g.10gb] 1: would not count
          {containers: [{name: a, resources: {limits: {gpu.intel.com/i915: 1}}}]}  | spec.podTemplate.spec.containers[a].resources.limits[gpu.intel.com/i915] 1: would not count
          {containers: [{name: a, resources: {limits: {deviceclass.resource.kubernetes.io/a: 1}}}]} | spec.podTemplate.spec.containers[a].resources.limits[deviceclass.resource.kubernetes.io/a] 1: would not count
          {initContainers: [{name: a, resources: {limits: {amd.com/gpu: 1}}}]}     | spec.podTemplate.spec.initContainers[a].resources.limits[amd.com/gpu] 1: would not count
          {initContainers: [{name: selkies}]}                                      | spec.podTemplate.spec.initContainers[selkies].name "selkies": is the desktop's
          """)
  void refused(String spec, String message) {
    assertThat(violations("{spec: " + spec + "}")).singleElement().asString().startsWith(message);
  }

  @Test
  @DisplayName("the operator's own labels and annotations are refused, others are not")
  void metadata() {
    assertThat(
            violations(
                """
                {metadata: {labels: {app.kubernetes.io/name: x, team: y},
                            annotations: {vdi.kasm.io/user: mallory@example.com, a/b: c}}}
                """))
        .containsExactly(
            "spec.podTemplate.metadata.labels[app.kubernetes.io/name] \"x\": is the operator's own:"
                + " leave it out",
            "spec.podTemplate.metadata.annotations[vdi.kasm.io/user] \"mallory@example.com\": is the"
                + " operator's own: leave it out");
  }

  @Test
  @DisplayName("other containers can share the devices of the desktop, but not have their own")
  void claims() {
    JsonObject podTemplate =
        new GsonBuilder()
            .create()
            .toJsonTree(
                new Yaml()
                    .load(
                        """
                        {spec: {resourceClaims: [{name: gpu, resourceClaimName: mine}], containers: [
                            {name: encoder, resources: {claims: [{name: gpu}]}},
                            {name: second, resources: {limits: {nvidia.com/gpu: 1}}}]}}
                        """))
            .getAsJsonObject();
    GpuRequest devices = new GpuRequest.DeviceClass("gpu.example.com", List.of(), Optional.empty());
    assertThat(
            PodTemplateRules.violations(
                podTemplate,
                new PodTemplateRules.Context(
                    VdiTemplate.Spec.EMPTY.server(), 8080, "/home/user", devices, List.of())))
        .containsExactly(
            "spec.podTemplate.spec.resourceClaims [{\"name\":\"gpu\",\"resourceClaimName\":\"mine\"}]:"
                + " would not count for the quotas: use spec.gpu.deviceClassName",
            "spec.podTemplate.spec.containers[second].resources.limits[nvidia.com/gpu] 1: would not"
                + " count for the quotas: leave it out, only the desktop gets GPUs");
  }

  @Test
  @DisplayName("what templates use is allowed")
  void allowed() {
    assertThat(
            violations(
                """
                {spec: {priorityClassName: high, affinity: {nodeAffinity: {}}, hostAliases: [{ip: 10.0.0.1}],
                        initContainers: [{name: prepare, volumeMounts: [{name: home, mountPath: /home/user}]}],
                        containers: [{name: selkies, envFrom: [{secretRef: {name: licence}}],
                                      env: [{name: LICENCE, value: x}],
                                      volumeMounts: [{name: data, mountPath: /data, readOnly: true}]},
                                     {name: sync, image: sync, ports: [{containerPort: 9090}],
                                      resources: {limits: {cpu: 1, rdma/hca: 1}}}],
                        volumes: [{name: data, persistentVolumeClaim: {claimName: course}}]}}
                """))
        .isEmpty();
  }

  @Test
  @DisplayName("a podTemplate of more than 64 KiB is refused")
  void size() {
    JsonObject large = new JsonObject();
    large.addProperty("spec", "x".repeat(70_000));
    assertThat(PodTemplateRules.violations(large, CONTEXT))
        .containsExactly("spec.podTemplate: must have at most 65536 characters as JSON");
  }

  private static List<String> violations(String podTemplate) {
    return PodTemplateRules.violations(
        new GsonBuilder()
            .serializeNulls()
            .create()
            .toJsonTree(new Yaml().load(podTemplate))
            .getAsJsonObject(),
        CONTEXT);
  }
}
