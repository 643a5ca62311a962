package io.vdi.operator.devcluster.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CommandTest {
  @Test
  void returnsStandardOutputOnly() {
    assertThat(Command.run(List.of("sh", "-c", "echo out; echo err >&2"))).isEqualTo("out\n");
  }

  @Test
  void addsEnvironmentVariables() {
    assertThat(Command.run(List.of("sh", "-c", "echo $COLOR"), Map.of("COLOR", "green")))
        .isEqualTo("green\n");
  }

  @Test
  void standardInputIsEmpty() {
    assertThat(Command.run(List.of("cat"))).isEmpty();
  }

  @Test
  void aFailureHasTheCommandAndStandardError() {
    assertThatThrownBy(
            () -> Command.run(List.of("sh", "-c", "echo reason >&2; exit 3", "sh", "secret")))
        .isInstanceOf(ClusterException.class)
        .hasMessage("sh -c echo reason >&2; exit 3 failed:\nreason");
  }

  @Test
  void muchStandardErrorDoesNotBlock() {
    assertThat(Command.run(List.of("sh", "-c", "seq 1 100000 >&2; echo done"))).isEqualTo("done\n");
  }

  @Test
  void aProgramThatIsMissingIsNamed() {
    assertThatThrownBy(() -> Command.run(List.of("/no/such-program")))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("cannot run such-program: ");
  }
}
