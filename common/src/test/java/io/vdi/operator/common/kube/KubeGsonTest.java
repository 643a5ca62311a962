package io.vdi.operator.common.kube;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1EmptyDirVolumeSource;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Volume;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import java.util.List;
import org.junit.jupiter.api.Test;

class KubeGsonTest {
  /** As a kubelet of 1.36 writes it, with a field of a Kubernetes to come. */
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

  @Test
  void aPodOfANewerKubeletIsReadByOurRecord() {
    Pod pod = KubeGson.gson().fromJson(POD, Pod.class);
    assertTrue(pod.isReady());
    assertEquals("n1", pod.spec().nodeName());
  }

  @Test
  void theClientsOwnModelReadsItToo() {
    KubeGson.install();
    V1Pod pod = JSON.deserialize(POD, V1Pod.class);
    assertEquals("n1", pod.getSpec().getNodeName());
    assertEquals("2026-01-01T00:00Z", pod.getMetadata().getCreationTimestamp().toString());
  }

  @Test
  void emptyListsAndMapsAreLeftOutAndEmptyObjectsStay() {
    String json =
        KubeGson.gson()
            .toJson(
                new V1PodSpec()
                    .volumes(
                        List.of(
                            new V1Volume().name("home").emptyDir(new V1EmptyDirVolumeSource()))));
    assertTrue(json.contains("\"emptyDir\":{}"), json);
    assertFalse(json.contains("[]"), json);
    assertFalse(json.replace("\"emptyDir\":{}", "").contains("{}"), json);
  }

  @Test
  void whatUsersWriteNeverMakesASessionUnreadable() {
    VdiSession session =
        KubeGson.gson()
            .fromJson(
                """
                {"metadata":{"name":"a","labels":null},"spec":null,
                 "status":{"phase":"Unheard","startTime":"yesterday","conditions":[{"type":null}]}}
                """,
                VdiSession.class);
    assertEquals("", session.spec().user());
    assertTrue(session.status().currentPhase().isEmpty());
    assertTrue(session.status().startedAt().isEmpty());
  }
}
