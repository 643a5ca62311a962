package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class WatchedNamespacesTest {
  @Test
  void anEmptyListMeansAllNamespaces() {
    WatchedNamespaces all = WatchedNamespaces.of(List.of());
    assertThat(all).isEqualTo(WatchedNamespaces.ALL).hasToString("all namespaces");
    assertThat(all.includes("any")).isTrue();
    assertThat(all.names()).isEmpty();
    assertThat(all.scopesOf(ResourceType.SESSION)).as("one list of all").containsExactly("");
  }

  @Test
  void eachNamespaceIsReadOnceWhateverTheOrderInTheConfiguration() {
    WatchedNamespaces two = WatchedNamespaces.of(List.of("lab", "desks", "lab"));
    assertThat(two.scopesOf(ResourceType.POD)).containsExactly("desks", "lab");
    assertThat(two)
        .hasToString("desks, lab")
        .isEqualTo(WatchedNamespaces.of(List.of("desks", "lab")))
        .hasSameHashCodeAs(WatchedNamespaces.of(List.of("desks", "lab")))
        .isNotEqualTo(WatchedNamespaces.ALL);
  }

  @Test
  void onlyTheExactNamesAreIncluded() {
    WatchedNamespaces desks = WatchedNamespaces.of(List.of("desks"));
    assertThat(List.of("desks", "desk", "desks-2", "DESKS", ""))
        .filteredOn(desks::includes)
        .containsExactly("desks");
  }

  @Test
  void aKindWithoutNamespacesIsReadAsAWhole() {
    assertThat(WatchedNamespaces.of(List.of("desks")).scopesOf(ResourceType.NODE))
        .containsExactly("");
  }
}
