package io.vdi.operator.runtime.leader;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LeaseHolderTest {
  private static final Map<String, String> POD =
      Map.of(LeaseHolder.POD_UID, "6e1b0f8e-5f0a-4a50-9d6e-0f6d7a9f2b11");

  @Test
  @DisplayName("two processes on one host have different names and do not replace each other")
  void sameHost() {
    LeaseHolder a = LeaseHolder.ofProcess(Map.of());
    LeaseHolder b = LeaseHolder.ofProcess(Map.of(LeaseHolder.POD_UID, " "));
    assertThat(a.name()).isNotEqualTo(b.name()).matches(".+_[0-9a-f-]{36}");
    assertThat(a.replaces(a.name())).isTrue();
    assertThat(a.replaces(b.name())).isFalse();
    assertThat(b.replaces("")).isFalse();
  }

  @Test
  @DisplayName("the restarted container replaces its earlier process")
  void sameContainer() {
    LeaseHolder before = LeaseHolder.ofProcess(POD);
    LeaseHolder after = LeaseHolder.ofProcess(POD);
    assertThat(after.name()).isNotEqualTo(before.name());
    assertThat(after.replaces(before.name())).isTrue();
  }

  @Test
  @DisplayName("a pod with another UID replaces nobody, whatever its name is")
  void otherPod() {
    LeaseHolder before = LeaseHolder.ofProcess(POD);
    LeaseHolder other = LeaseHolder.ofProcess(Map.of(LeaseHolder.POD_UID, "6e1b0f8e"));
    assertThat(other.replaces(before.name())).isFalse();
    assertThat(LeaseHolder.ofProcess(Map.of()).replaces(before.name())).isFalse();
  }

  @Test
  @DisplayName("what precedes the last underscore is the name of the pod")
  void nameOfThePod() {
    String name = LeaseHolder.ofProcess(POD).name();
    assertThat(name.substring(0, name.lastIndexOf('_'))).doesNotContain("_");
  }
}
