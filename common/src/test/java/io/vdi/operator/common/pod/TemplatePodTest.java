package io.vdi.operator.common.pod;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.GpuRequest;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TemplatePodTest {
  @Test
  void theBodyHasEverythingThatAPodNeedsAndNoNameOfItsOwn() {
    assertThat(TemplatePod.of(template("{image: desk, flavor: kasmvnc, port: 7000}")))
        .isEqualTo(
            json(
                """
                {apiVersion: v1, kind: Pod,
                 metadata: {generateName: vdi-template-, labels: {}, annotations: {}},
                 spec: {automountServiceAccountToken: false, tolerations: [],
                   containers: [{name: selkies, image: desk,
                     ports: [{name: http, containerPort: 7000}],
                     resources: {limits: {cpu: '2', memory: 4Gi}},
                     volumeMounts: [{name: home, mountPath: "/home/kasm-user"},
                                    {name: shm, mountPath: "/dev/shm"}]}],
                   volumes: [{name: home, emptyDir: {}}, {name: shm, emptyDir: {}}]}}
                """));
  }

  @Test
  void thePodTemplateIsMergedOverItAndTheDesktopStaysTheFirstContainer() {
    JsonObject pod =
        TemplatePod.of(
            template(
                """
                {image: desk, tolerations: [{key: gpu}],
                 podTemplate: {
                   metadata: {labels: {team: "r\u00F8d"}, annotations: {note: "a\\nb <c>", empty: ''}},
                   spec: {tolerations: [{key: course}], hostname: h, automountServiceAccountToken: true,
                     containers: [{name: sync, image: sync},
                                  {name: selkies, tty: true, ports: [{containerPort: 8080, protocol: UDP},
                                                                     {containerPort: 9}]}],
                     volumes: [{name: shm, emptyDir: {medium: Memory}}, {name: data, emptyDir: {}}]}}}
                """));
    assertThat(pod.get("metadata"))
        .isEqualTo(
            json(
                """
                {generateName: vdi-template-, labels: {team: "r\u00F8d"},
                 annotations: {note: "a\\nb <c>", empty: ''}}
                """));
    JsonObject spec = pod.getAsJsonObject("spec");
    assertThat(spec.get("tolerations")).isEqualTo(list("[{key: course}]"));
    assertThat(spec.get("automountServiceAccountToken")).hasToString("true");
    assertThat(spec.get("volumes"))
        .isEqualTo(
            list(
                """
                [{name: home, emptyDir: {}}, {name: shm, emptyDir: {medium: Memory}},
                 {name: data, emptyDir: {}}]
                """));
    assertThat(names(spec.getAsJsonArray("containers"))).containsExactly("selkies", "sync");
    JsonObject container = desktop(pod);
    assertThat(container.get("tty")).hasToString("true");
    assertThat(container.get("image")).hasToString("\"desk\"");
    assertThat(container.get("ports"))
        .isEqualTo(list("[{name: http, containerPort: 8080, protocol: UDP}, {containerPort: 9}]"));
  }

  @Test
  void withADeviceClassThePodAndTheDesktopUseOneClaim() {
    JsonObject pod = TemplatePod.of(template("{gpu: {deviceClassName: gpu.example.com}}"));
    assertThat(pod.getAsJsonObject("spec").get("resourceClaims"))
        .isEqualTo(list("[{name: gpu, resourceClaimTemplateName: vdi-template}]"));
    assertThat(desktop(pod).get("resources"))
        .isEqualTo(json("{limits: {cpu: '2', memory: 4Gi}, claims: [{name: gpu}]}"));
    JsonObject claim =
        TemplatePod.claimTemplate(
            new GpuRequest.DeviceClass("gpu.example.com", List.of(), Optional.empty()));
    assertThat(claim)
        .isEqualTo(
            json(
                """
                {apiVersion: "resource.k8s.io/v1", kind: ResourceClaimTemplate,
                 metadata: {generateName: vdi-template-},
                 spec: {spec: {devices: {requests: [{name: gpu, exactly: {
                   deviceClassName: gpu.example.com, allocationMode: ExactCount, count: 1}}]}}}}
                """));
  }

  @Test
  void aTemplateThatIsCachedDoesNotChangeWithTheBody() {
    VdiTemplate template =
        template(
            """
            {tolerations: [{key: gpu}], podTemplate: {metadata: {labels: {a: b}}, spec: {
              affinity: {nodeAffinity: {}}, containers: [{name: x, env: [{name: A}]}]}}}
            """);
    String before = KubeGson.gson().toJson(template);
    JsonObject pod = TemplatePod.of(template);
    JsonObject spec = pod.getAsJsonObject("spec");
    pod.getAsJsonObject("metadata").getAsJsonObject("labels").addProperty("c", "d");
    spec.getAsJsonArray("tolerations").get(0).getAsJsonObject().addProperty("c", "d");
    spec.getAsJsonObject("affinity").getAsJsonObject("nodeAffinity").addProperty("c", "d");
    spec.getAsJsonArray("containers").forEach(item -> item.getAsJsonObject().add("env", pod));
    assertThat(KubeGson.gson().toJson(template)).isEqualTo(before);
  }

  private static JsonObject desktop(JsonObject pod) {
    return pod.getAsJsonObject("spec").getAsJsonArray("containers").get(0).getAsJsonObject();
  }

  private static List<String> names(JsonArray items) {
    return items.asList().stream()
        .map(item -> item.getAsJsonObject().get("name").getAsString())
        .toList();
  }

  private static VdiTemplate template(String spec) {
    return KubeGson.gson()
        .fromJson("{metadata: {name: t}, spec: %s}".formatted(spec), VdiTemplate.class);
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }

  private static JsonElement list(String text) {
    return JsonParser.parseString(text);
  }
}
