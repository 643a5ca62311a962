package io.vdi.operator.devcluster.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoModuleTest {
  private final GoModule module = new GoModule("example");

  /** A new way to compute it would make every user build all programs again. */
  @Test
  void theFingerprintIsTheHashOfTheFilesOneAfterTheOther() {
    assertThat(module.fingerprint()).isEqualTo("f76d11b730e0");
  }

  @Test
  void modulesHaveDifferentFingerprints() {
    assertThat(Stream.of("example", "helm", "kwok", "pause", "crds", "gateway-crds", "traefik"))
        .extracting(name -> new GoModule(name).fingerprint())
        .doesNotHaveDuplicates();
  }

  @Test
  void copiesTheFilesThatExist(@TempDir Path folder) throws IOException {
    module.copyTo(folder);
    assertThat(folder.resolve("go.mod")).hasContent("module example\n\ngo 1.26.0\n");
    assertThat(folder.resolve("ext/go.mod")).hasContent("module ext\n");
    try (Stream<Path> files = Files.walk(folder).filter(Files::isRegularFile)) {
      assertThat(files.map(file -> folder.relativize(file).toString()))
          .containsExactlyInAnyOrder("go.mod", "main.go", "ext/go.mod");
    }
  }
}
