package io.vdi.operator.devcluster.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DebianPackagesTest {
  @Test
  void aProgramThatIsThereIsNotInstalled() {
    assertThat(DebianPackages.provide("no-such-package", Path.of("/bin/sh"))).isTrue();
  }
}
