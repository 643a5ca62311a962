package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ChildKindTest {
  @Test
  @DisplayName("the pod is created after what it mounts and reads, and access is given last")
  void order() {
    assertThat(ChildKind.values())
        .containsExactly(
            ChildKind.SECRET,
            ChildKind.HOME,
            ChildKind.SERVICE,
            ChildKind.ROUTE,
            ChildKind.GPU_CLAIM,
            ChildKind.POD,
            ChildKind.ROLE,
            ChildKind.ROLE_BINDING);
  }

  @Test
  @DisplayName("names of a session's objects")
  void names() {
    assertThat(Arrays.stream(ChildKind.values()).map(kind -> kind.nameFor("desk")))
        .containsExactly(
            "vdi-auth-desk",
            "vdi-data-desk",
            "desk",
            "desk",
            "vdi-gpu-desk",
            "desk",
            "vdi-auth-desk",
            "vdi-auth-desk");
  }

  @Test
  @DisplayName("every resource type belongs to one kind, also when only its metadata is read")
  void ofResourceType() {
    for (ChildKind kind : ChildKind.values()) {
      assertThat(kind.resourceTypes()).isNotEmpty();
      for (ResourceType<?> type : kind.resourceTypes()) {
        assertThat(ChildKind.of(type)).contains(kind);
        assertThat(ChildKind.of(type.metadataOnly())).contains(kind);
      }
    }
    assertThat(ChildKind.of(ResourceType.SESSION)).isEmpty();
    assertThat(ChildKind.of(ResourceType.EVENT)).isEmpty();
    assertThat(ChildKind.of(ResourceType.CONFIG_MAP)).isEmpty();
  }

  @Test
  @DisplayName("paths and names of resource types in the API")
  void paths() {
    assertThat(ResourceType.POD.path("team", "a")).isEqualTo("/api/v1/namespaces/team/pods/a");
    assertThat(ResourceType.POD.path("")).isEqualTo("/api/v1/pods");
    assertThat(ResourceType.TEMPLATE.path("ignored"))
        .as("cluster-scoped")
        .isEqualTo("/apis/vdi.kasm.io/v1alpha1/vditemplates");
    assertThat(ResourceType.INGRESS.apiVersion()).isEqualTo("networking.k8s.io/v1");
    assertThat(ResourceType.INGRESS.qualifiedName()).isEqualTo("ingresses.networking.k8s.io");
    assertThat(ResourceType.POD.apiVersion()).isEqualTo("v1");
    assertThat(ResourceType.POD.qualifiedName()).isEqualTo("pods");
    assertThat(ResourceType.POD).hasToString("Pod");
    assertThat(Stream.of(ResourceType.SECRET, ResourceType.POD).map(ResourceType::isMetadataOnly))
        .containsExactly(true, false);
    assertThat(ResourceType.INGRESS.isSameResource(ResourceType.INGRESS_ROUTE)).isFalse();
  }
}
