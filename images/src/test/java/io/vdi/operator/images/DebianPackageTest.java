package io.vdi.operator.images;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vdi.operator.devcluster.process.ClusterException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DebianPackageTest {
  @BeforeEach
  void requireApt() {
    assumeThat(Path.of("/usr/bin/apt-cache")).exists();
  }

  @Test
  void anUnknownPackageIsAnErrorWithAdvice() {
    assertThatThrownBy(() -> DebianPackage.ofHost().version("no-such-package"))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("apt does not know package no-such-package")
        .hasMessageEndingWith("run apt-get update, or set BASE_IMAGE to use another base");
  }
}
