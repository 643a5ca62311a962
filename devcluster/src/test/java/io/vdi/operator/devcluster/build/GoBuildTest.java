package io.vdi.operator.devcluster.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.devcluster.process.ClusterException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GoBuildTest {
  @ParameterizedTest
  @CsvSource({
    "go1.26, true",
    "go1.26.8, true",
    "go1.27rc1, true",
    "go2.0, true",
    "go1.25.9, false",
    "go1.9, false",
    "devel, false",
    "'', false"
  })
  void goMustBe126OrNewer(String version, boolean supported) {
    assertThat(GoBuild.isSupported(version)).isEqualTo(supported);
  }

  @Test
  void aFailedBuildShowsTheErrorsOfTheCompiler(@TempDir Path folder) throws Exception {
    new GoModule("example").copyTo(folder);
    Path out = Files.createDirectory(folder.resolve("out"));
    assertThatThrownBy(
            () -> new GoBuild("the example", folder, Architecture.ofHost()).build(out, "", "."))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("building the example failed:\n")
        .hasMessageContaining("main.go:3:31: syntax error");
    assertThat(out).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource({"AMD64, 62", "ARM64, 183"})
  void aProgramIsForTheGivenArchitecture(
      Architecture architecture, int machine, @TempDir Path folder) throws Exception {
    new GoModule("pause").copyTo(folder);
    Path out = Files.createDirectory(folder.resolve("out"));
    new GoBuild("pause", folder, architecture).build(out, "", ".");
    ByteBuffer elf =
        ByteBuffer.wrap(Files.readAllBytes(out.resolve("pause"))).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(elf.getInt(0)).as("magic number").isEqualTo(0x464c457f);
    assertThat(elf.getShort(18)).as("e_machine").isEqualTo((short) machine);
  }

  @Test
  void aModuleThatIsNotRequiredIsAnError(@TempDir Path folder) throws Exception {
    new GoModule("example").copyTo(folder);
    assertThatThrownBy(() ->
            new GoBuild("the example", folder, Architecture.ofHost())
                .moduleDirectory("other.invalid"))
        .isInstanceOf(ClusterException.class)
        .hasMessage("go list -m other.invalid failed");
  }
}
