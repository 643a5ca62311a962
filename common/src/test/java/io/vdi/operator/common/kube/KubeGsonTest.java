package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonSyntaxException;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1EmptyDirVolumeSource;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Volume;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KubeGsonTest {
  @Test
  @DisplayName("of labels and annotations, only those that the operator reads are decoded")
  void keptMetadata() {
    ObjectMeta metadata =
        KubeGson.gson()
            .fromJson(
                """
                {
                  "name": "desk", "namespace": "team", "uid": "u", "resourceVersion": "7",
                  "generation": 3, "creationTimestamp": "2026-01-01T00:00:00Z",
                  "deletionTimestamp": null, "selfLink": "/x", "finalizers": ["f"],
                  "labels": {"app.kubernetes.io/name": "vdi-session", "team": "red"},
                  "annotations": {"vdi.kasm.io/user": "a@b.c", "vdi.kasm.io/none": null,
                    "kubectl.kubernetes.io/last-applied-configuration": "{}", "odd": {"a": [1]}},
                  "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
                  "ownerReferences": [{"kind": "VDISession", "name": "d", "uid": "o",
                    "controller": true}]
                }
                """,
                ObjectMeta.class);
    assertThat(metadata)
        .isEqualTo(
            new ObjectMeta(
                "desk",
                "team",
                "u",
                "7",
                3,
                Instant.parse("2026-01-01T00:00:00Z"),
                null,
                Map.of("app.kubernetes.io/name", "vdi-session"),
                Map.of("vdi.kasm.io/user", "a@b.c"),
                List.of("f"),
                List.of(new OwnerReference("", "VDISession", "d", "o", true)),
                0));
    assertThat(KubeGson.gson().fromJson("null", ObjectMeta.class)).isNull();
    assertThat(KubeGson.gson().fromJson("{\"annotations\": null}", ObjectMeta.class))
        .isEqualTo(ObjectMeta.EMPTY);
  }

  @Test
  @DisplayName("a value that is longer than any of the operator's is not kept")
  void longValue() {
    ObjectMeta metadata =
        KubeGson.gson()
            .fromJson(
                "{\"annotations\": {\"vdi.kasm.io/a\": \"%s\", \"vdi.kasm.io/b\": \"%s\"}}"
                    .formatted("x".repeat(4096), "x".repeat(4097)),
                ObjectMeta.class);
    assertThat(metadata.annotations()).containsOnlyKeys("vdi.kasm.io/a");
  }

  @Test
  @DisplayName("metadata of a wrong type is a JSON error")
  void wrongTypes() {
    for (String json :
        List.of(
            "{\"name\": {}}",
            "{\"generation\": \"x\"}",
            "{\"annotations\": []}",
            "{\"labels\": {\"vdi.kasm.io/user\": {}}}",
            "[]")) {
      assertThatThrownBy(() -> KubeGson.gson().fromJson(json, ObjectMeta.class))
          .as(json)
          .isInstanceOf(JsonSyntaxException.class);
    }
  }

  /** As a kubelet 1.36 writes it, with a field that no version has yet. */
  private static final String POD =
      """
      {"apiVersion":"v1","kind":"Pod",
       "metadata":{"name":"desk","namespace":"a","uid":"u","creationTimestamp":"2026-01-01T00:00:00Z",
         "managedFields":[{"manager":"kubelet","operation":"Update"}]},
       "spec":{"containers":[{"name":"selkies","image":"x"}],"nodeName":"n1","fieldOfTomorrow":{"a":1}},
       "status":{"phase":"Running","podIP":"10.0.0.1","observedGeneration":1,
         "allocatedResources":{"cpu":"2","memory":"4Gi"},
         "resources":{"limits":{"cpu":"2"}},
         "conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:05Z",
           "observedGeneration":1}],
         "containerStatuses":[{"name":"selkies","ready":true,"restartCount":0,"allocatedResources":
           {"cpu":"2"},"user":{"linux":{"gid":1000,"uid":1000}},"stopSignal":"SIGTERM",
           "state":{"running":{"startedAt":"2026-01-01T00:00:04Z"}}}]}}
      """;

  @ParameterizedTest
  @ValueSource(strings = {"[1]", "{}", "7", "\"tomorrow\"", "null"})
  @DisplayName("what is not a time is read as absent")
  void noTime(String value) {
    VdiSession session =
        KubeGson.gson()
            .fromJson(
                "{\"spec\": {\"awakeUntil\": %s, \"user\": \"a@b.c\"}}".formatted(value),
                VdiSession.class);
    assertThat(session.spec().awakeUntil()).isNull();
    assertThat(session.spec().user()).isEqualTo("a@b.c");
  }

  @Test
  @DisplayName("our record reads a pod with unknown fields")
  void unknownFieldsInOurRecord() {
    Pod pod = KubeGson.gson().fromJson(POD, Pod.class);
    assertThat(pod.isReady()).isTrue();
    assertThat(pod.spec().nodeName()).isEqualTo("n1");
  }

  @Test
  @DisplayName("the client's own model reads it, too")
  void unknownFieldsInTheClientsModel() {
    KubeGson.install();
    V1Pod pod = JSON.deserialize(POD, V1Pod.class);
    assertThat(pod.getSpec().getNodeName()).isEqualTo("n1");
    assertThat(pod.getMetadata().getCreationTimestamp()).hasToString("2026-01-01T00:00Z");
  }

  @Test
  @DisplayName("empty lists and maps are omitted, empty objects are not")
  void emptyValues() {
    String json =
        KubeGson.gson()
            .toJson(
                new V1PodSpec()
                    .volumes(
                        List.of(
                            new V1Volume().name("home").emptyDir(new V1EmptyDirVolumeSource()))));
    assertThat(json).contains("\"emptyDir\":{}").doesNotContain("[]");
    assertThat(json.replace("\"emptyDir\":{}", "")).doesNotContain("{}");
  }

  @Test
  @DisplayName("no value that a user can write makes a session undecodable")
  void invalidValues() {
    VdiSession session =
        KubeGson.gson()
            .fromJson(
                """
                {"metadata":{"name":"a","labels":null},"spec":null,
                 "status":{"phase":"Unheard","startTime":"yesterday","conditions":[{"type":null}]}}
                """,
                VdiSession.class);
    assertThat(session.spec().user()).isEmpty();
    assertThat(session.status().currentPhase()).isEmpty();
    assertThat(session.status().startedAt()).isEmpty();
  }
}
