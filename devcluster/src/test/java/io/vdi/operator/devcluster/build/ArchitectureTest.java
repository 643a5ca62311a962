package io.vdi.operator.devcluster.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.devcluster.process.ClusterException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitectureTest {
  @ParameterizedTest
  @CsvSource({"linux/arm64, ARM64", "arm64, ARM64", "linux/amd64, AMD64", "amd64, AMD64"})
  void platformsHaveTheNamesOfImages(String platform, Architecture architecture) {
    assertThat(Architecture.of(platform)).isEqualTo(architecture);
  }

  @Test
  void theDefaultIsThisMachine() {
    assertThat(Architecture.of("")).isEqualTo(Architecture.ofHost());
    assertThat(Architecture.ofHost().isOfHost()).isTrue();
  }

  @Test
  void anotherPlatformIsAnErrorWithTheKnownOnes() {
    assertThatThrownBy(() -> Architecture.of("windows/arm64"))
        .isInstanceOf(ClusterException.class)
        .hasMessage("PLATFORM \"windows/arm64\" must be one of linux/amd64, linux/arm64");
  }
}
