package io.vdi.operator.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line without a cluster: help, errors, completion. */
class CommandLineTest {
  private final TestConsole console = new TestConsole(80, false);

  private int run(String... arguments) {
    return Main.run(console.console(), arguments);
  }

  @Test
  void helpListsEveryCommandExceptHiddenOnes() {
    assertThat(run("--help")).isEqualTo(0);
    assertThat(console.out())
        .contains(
            "  list",
            "  get",
            "  open",
            "  extend",
            "  suspend",
            "  resume",
            "  share",
            "  unshare",
            "  delete",
            "  templates",
            "  quota",
            "  usage",
            "  doctor")
        .doesNotContain("__");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "list --help",
        "get --help",
        "open --help",
        "extend --help",
        "suspend --help",
        "resume --help",
        "share --help",
        "unshare --help",
        "delete --help",
        "templates --help",
        "quota --help",
        "usage --help",
        "doctor --help",
        "completion --help"
      })
  void helpFitsEightyColumns(String arguments) {
    assertThat(run(arguments.split(" "))).isEqualTo(0);
    assertThat(console.out().lines())
        .isNotEmpty()
        .allSatisfy(line -> assertThat(line.length()).as(line).isLessThanOrEqualTo(80));
  }

  @Test
  void withoutArgumentsItPrintsTheHelp() {
    assertThat(run()).isEqualTo(0);
    assertThat(console.out()).startsWith("Usage: kubectl vdi");
  }

  @Test
  void usageErrorsExitWith64() {
    assertThat(run("lsit")).isEqualTo(64);
    assertThat(console.err()).contains("error: Unmatched argument at index 0: 'lsit'");
    assertThat(run("extend", "alice")).isEqualTo(64);
    assertThat(run("extend", "alice", "--by", "soon")).isEqualTo(64);
    assertThat(console.err())
        .contains("\"soon\" is not a duration above zero, such as 90m or 1h30m")
        .contains("See 'kubectl vdi extend --help'.");
    assertThat(run("list", "-o", "xml")).isEqualTo(64);
    assertThat(run("share", "alice", "bob@example.com", "--role", "root")).isEqualTo(64);
    assertThat(run("share", "alice", "bob@example.com", "--until", "tomorrow")).isEqualTo(64);
    assertThat(console.err()).contains("'tomorrow' is not a time with its offset from UTC");
    assertThat(
            run(
                "share",
                "alice",
                "bob@example.com",
                "--for",
                "1h",
                "--until",
                "2100-01-01T00:00:00Z"))
        .isEqualTo(64);
    for (String wrong :
        List.of(
            "share alice",
            "share alice bob",
            "share alice bob@example.com --link",
            "share alice bob@example.com --portal https://portal.example.com",
            "share alice --link --role control",
            "share alice --link --for 0h",
            "share alice --link --portal http://portal.example.com",
            "share alice --link --portal https://portal.example.com/link")) {
      assertThat(run(wrong.split(" "))).as(wrong).isEqualTo(64);
    }
  }

  @Test
  void anUnreachableClusterIsReportedAndExitsWith1(@TempDir Path folder) throws IOException {
    String missing = folder.resolve("nowhere").toString();
    assertThat(run("list", "--kubeconfig", missing)).isEqualTo(1);
    assertThat(console.err()).contains("no kubeconfig: " + missing);
    Path file =
        Files.writeString(
            folder.resolve("config"),
            """
            apiVersion: v1
            kind: Config
            current-context: here
            contexts: [{name: here, context: {cluster: here, user: me}}]
            clusters: [{name: here, cluster: {server: "https://127.0.0.1:1"}}]
            users: [{name: me, user: {token: t}}]
            """);
    assertThat(run("list", "--kubeconfig", file.toString())).isEqualTo(1);
    assertThat(console.err()).contains("127.0.0.1");
    assertThat(run("list", "--kubeconfig", file.toString(), "--context", "there")).isEqualTo(1);
    assertThat(console.err()).contains("the kubeconfig has no context \"there\"");
    assertThat(run("doctor", "--kubeconfig", file.toString())).isEqualTo(2);
    assertThat(console.out()).contains("VDI101");
  }

  @Test
  void completesForKubectlAndForBash() {
    assertThat(run("__complete", "su")).isEqualTo(0);
    assertThat(console.out()).isEqualTo("suspend\n:4\n");
    assertThat(run("completion")).isEqualTo(0);
    assertThat(console.out()).contains("complete -F _complete_kubectl-vdi");
  }
}
