package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.reflect.TypeToken;
import io.kubernetes.client.openapi.models.V1ListMeta;
import io.vdi.operator.common.model.ConfigMap;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResourceListTest {
  /** Go writes an empty list as null. */
  @ParameterizedTest
  @ValueSource(strings = {"{}", "{metadata: {}, items: []}", "{metadata: null, items: null}"})
  void anEmptyListNeedsNeitherItemsNorMetadata(String json) {
    ResourceList<ConfigMap> list = read(json);
    assertThat(list.getItems()).isEmpty();
    assertThat(list.getMetadata()).isEqualTo(new V1ListMeta());
    assertThat(list.with(List.of(configMap("a"))).items()).containsExactly(configMap("a"));
  }

  @Test
  void furtherObjectsComeLastAndTheVersionStays() {
    ResourceList<ConfigMap> first =
        read("{metadata: {resourceVersion: '7'}, items: [{metadata: {name: b}}]}");
    List<ConfigMap> more = new ArrayList<>(List.of(configMap("a")));
    ResourceList<ConfigMap> both = first.with(more);
    more.clear();
    assertThat(both.items()).containsExactly(configMap("b"), configMap("a"));
    assertThat(both.metadata().getResourceVersion()).isEqualTo("7");
    assertThat(first.items()).as("the list itself").containsExactly(configMap("b"));
  }

  /** The informer takes the type of the items from a list only if it has such a type. */
  @Test
  void aListOfAnyKindHasTheTypeOfSuchLists() {
    ResourceList<ConfigMap> list =
        read("{apiVersion: v1, kind: ConfigMapList, items: [{metadata: {name: a}}]}");
    assertThat(list.getApiVersion()).isEqualTo("v1");
    assertThat(list.getKind()).isEqualTo("List");
  }

  private static ResourceList<ConfigMap> read(String json) {
    return KubeGson.gson().fromJson(json, new TypeToken<ResourceList<ConfigMap>>() {}.getType());
  }

  private static ConfigMap configMap(String name) {
    return KubeGson.gson().fromJson("{metadata: {name: %s}}".formatted(name), ConfigMap.class);
  }
}
