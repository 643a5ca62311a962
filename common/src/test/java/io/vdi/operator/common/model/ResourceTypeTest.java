package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

class ResourceTypeTest {
  @Test
  void pathsAreThoseOfTheApi() {
    assertThat(ResourceType.POD.path("desks", "desk"))
        .isEqualTo("/api/v1/namespaces/desks/pods/desk");
    assertThat(ResourceType.POD.path("")).as("all namespaces").isEqualTo("/api/v1/pods");
    assertThat(ResourceType.SESSION.path("desks"))
        .isEqualTo("/apis/vdi.kasm.io/v1alpha1/namespaces/desks/vdisessions");
    assertThat(ResourceType.NODE.path("desks", "n1"))
        .as("a kind without namespaces")
        .isEqualTo("/api/v1/nodes/n1");
    assertThat(ResourceType.NAMESPACE.path("", "desks")).isEqualTo("/api/v1/namespaces/desks");
    assertThat(ResourceType.TEMPLATE.path("", "t"))
        .isEqualTo("/apis/vdi.kasm.io/v1alpha1/vditemplates/t");
  }

  @Test
  void theKindsOfTheOperatorAreThoseOfItsCrds() throws IOException {
    for (ResourceType<?> type :
        List.of(ResourceType.SESSION, ResourceType.TEMPLATE, ResourceType.USAGE)) {
      Map<?, ?> crd =
          new Yaml()
              .load(
                  Files.readString(
                      Path.of("../charts/vdi-operator/templates/crds", type.plural() + ".yaml")));
      Map<?, ?> spec = (Map<?, ?>) crd.get("spec");
      Map<?, ?> names = (Map<?, ?>) spec.get("names");
      assertThat(((Map<?, ?>) crd.get("metadata")).get("name")).isEqualTo(type.qualifiedName());
      assertThat(spec.get("scope"))
          .as("%s", type)
          .isEqualTo(type.namespaced() ? "Namespaced" : "Cluster");
      assertThat(names.get("kind")).isEqualTo(type.kind());
      assertThat(
              ((List<?>) spec.get("versions"))
                  .stream().map(version -> (Object) ((Map<?, ?>) version).get("name")).toList())
          .as("%s", type)
          .isEqualTo(List.of(type.version()));
    }
  }

  /** The operator starts without these CRDs. */
  @Test
  void onlyKindsOfTraefikAndTheGatewayApiCanBeAbsent() throws IllegalAccessException {
    List<ResourceType<?>> all = new ArrayList<>();
    for (var field : ResourceType.class.getFields()) {
      if (field.get(null) instanceof ResourceType<?> type) {
        all.add(type);
      }
    }
    assertThat(all)
        .filteredOn(ResourceType::isOfAnotherProject)
        .containsExactlyInAnyOrder(
            ResourceType.INGRESS_ROUTE,
            ResourceType.MIDDLEWARE,
            ResourceType.SERVERS_TRANSPORT,
            ResourceType.HTTP_ROUTE);
  }

  @Test
  void aResourceIsTheSameWhateverIsReadOfIt() {
    assertThat(ResourceType.POD.isSameResource(PodPlacement.TYPE)).isTrue();
    assertThat(ResourceType.POD.isSameResource(ResourceType.POD.metadataOnly())).isTrue();
    assertThat(ResourceType.POD.isSameResource(ResourceType.NODE)).isFalse();
    ResourceType<?> ofAnotherGroup =
        new ResourceType<>("metrics.k8s.io", "v1", "Pod", "pods", true, Pod.class);
    assertThat(ResourceType.POD.isSameResource(ofAnotherGroup)).isFalse();
  }
}
