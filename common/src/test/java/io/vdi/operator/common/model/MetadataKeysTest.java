package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataKeysTest {
  /** Constants that are written only, or that are no key. */
  private static final Set<String> NOT_READ =
      Set.of(Annotations.ARGOCD_SYNC_OPTIONS, Labels.MANAGED_SELECTOR);

  @Test
  void everyKeyOfTheOperatorIsKept() throws IllegalAccessException {
    List<String> keys = new ArrayList<>();
    for (Class<?> constants : List.of(Annotations.class, Labels.class)) {
      for (Field field : constants.getFields()) {
        if (field.get(null) instanceof String text && text.contains("/")) {
          keys.add(text);
        }
      }
    }
    keys.removeAll(NOT_READ);
    assertThat(keys).hasSizeGreaterThan(25).allMatch(MetadataKeys::isRead);
  }

  /** The Kubernetes objects of others have them, and services ask for them by these names. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "nvidia.com/gpu.replicas",
        "nvidia.com/gpu.product",
        "nginx.ingress.kubernetes.io/auth-url"
      })
  void keysOfOthersThatServicesReadAreKept(String key) {
    assertThat(MetadataKeys.isRead(key)).as(key).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kubectl.kubernetes.io/last-applied-configuration",
        "argocd.argoproj.io/tracking-id",
        "nginx.ingress.kubernetes.io/configuration-snippet",
        "vdi.kasm.io",
        "x.vdi.kasm.io/user",
        "VDI.kasm.io/user",
        "team",
        ""
      })
  void whatNobodyReadsIsDropped(String key) {
    assertThat(MetadataKeys.isRead(key)).as(key).isFalse();
  }
}
