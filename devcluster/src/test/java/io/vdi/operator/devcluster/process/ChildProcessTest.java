package io.vdi.operator.devcluster.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildProcessTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir private Path folder;

  @Test
  void theLogHasStandardOutputAndStandardError() throws Exception {
    ChildProcess process = start("echo out; echo err >&2");
    exit(process);
    assertThat(process.output().lines()).containsExactly("out", "err");
    assertThat(process.log()).hasContent("out\nerr\n");
  }

  @Test
  void theEnvironmentHasTheGivenVariablesAndTheMarker() throws Exception {
    ChildProcess process =
        ChildProcess.start(
            "child",
            List.of("sh", "-c", "echo $COLOR $DEVCLUSTER_EXIT_WITH_PARENT"),
            Map.of("COLOR", "green"),
            folder.resolve("child.log"));
    exit(process);
    assertThat(process.output()).isEqualTo("green 1\n");
  }

  @Test
  void requireAliveFailsWithStatusAndLastLines() throws Exception {
    ChildProcess process = start("seq 1 20; exit 7");
    exit(process);
    assertThat(process.exitStatus()).isEqualTo(7);
    assertThatThrownBy(process::requireAlive)
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("child exited with status 7; its last lines (" + process.log())
        .hasMessageEndingWith("):\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20");
  }

  @Test
  void closeSendsSigtermAndWaits() {
    ChildProcess process = start("trap 'echo stopped; exit 0' TERM; echo ready; read -r _");
    Progress.await(() -> "output", LIMIT, () -> process.output().contains("ready"));
    process.requireAlive();
    process.close();
    assertThat(process.isAlive()).isFalse();
    assertThat(process.exitStatus()).isZero();
    assertThat(process.output()).isEqualTo("ready\nstopped\n");
  }

  @Test
  void killSendsSigkill() {
    ChildProcess process = start("trap '' TERM; echo ready; read -r _");
    Progress.await(() -> "output", LIMIT, () -> process.output().contains("ready"));
    process.kill();
    assertThat(process.exitStatus()).isEqualTo(128 + 9);
  }

  @Test
  void killEndsTheProgramInsideOtherNamespaces() throws Exception {
    assumeTrue(IsolatedHost.unsupportedReason().isEmpty());
    ChildProcess process =
        ChildProcess.start(
            "child",
            List.of(
                "nsenter",
                "--target=" + ProcessHandle.current().pid(),
                "--pid",
                "--",
                "sh",
                "-c",
                "trap '' HUP TERM; echo $$; exec sleep 60"),
            Map.of(),
            folder.resolve("child.log"));
    Progress.await(() -> "output", LIMIT, () -> process.output().endsWith("\n"));
    ProcessHandle inside = ProcessHandle.of(Long.parseLong(process.output().strip())).orElseThrow();
    process.kill();
    inside.onExit().get(10, TimeUnit.SECONDS);
    assertThat(process.isAlive()).isFalse();
  }

  @Test
  void restartRunsTheSameCommandAgain() throws Exception {
    ChildProcess process = start("echo run");
    exit(process);
    long first = process.pid();
    process.restart();
    exit(process);
    assertThat(process.pid()).isNotEqualTo(first);
    assertThat(process.output()).isEqualTo("run\nrun\n");
  }

  @Test
  void aProgramThatIsMissingIsNamed() {
    assertThatThrownBy(() ->
            ChildProcess.start(
                "child", List.of("no-such-program"), Map.of(), folder.resolve("child.log")))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining("cannot start child: ")
        .hasMessageContaining("no-such-program");
  }

  @Test
  void commandsInBackgroundHaveALowerPriority() throws Exception {
    ChildProcess process =
        ChildProcess.start(
            "child",
            ChildProcess.inBackground(List.of("nice")),
            Map.of(),
            folder.resolve("child.log"));
    exit(process);
    int own = Integer.parseInt(Command.run(List.of("nice")).strip());
    assertThat(process.output().strip()).isEqualTo(String.valueOf(Math.min(own + 10, 19)));
  }

  private ChildProcess start(String script) {
    return ChildProcess.start(
        "child", List.of("sh", "-c", script), Map.of(), folder.resolve("child.log"));
  }

  private static void exit(ChildProcess process) throws Exception {
    process.onExit().get(10, TimeUnit.SECONDS);
  }
}
