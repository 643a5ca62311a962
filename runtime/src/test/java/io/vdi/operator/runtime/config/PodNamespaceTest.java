package io.vdi.operator.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PodNamespaceTest {
  @TempDir private Path directory;

  @Test
  @DisplayName("in a pod it is the content of the service account's file")
  void inAPod() throws Exception {
    Path file = Files.writeString(directory.resolve("namespace"), "desktops\n");
    assertThat(PodNamespace.read(file)).isEqualTo("desktops");
  }

  @Test
  @DisplayName("outside of a pod it is vdi-system")
  void outsideOfAPod() {
    assertThat(PodNamespace.read(directory.resolve("missing"))).isEqualTo("vdi-system");
    assertThat(PodNamespace.get()).isEqualTo("vdi-system");
  }
}
