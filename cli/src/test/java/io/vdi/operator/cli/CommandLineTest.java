package io.vdi.operator.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What needs no cluster: help, errors, completion. */
class CommandLineTest {
  private final TestConsole screen = new TestConsole(80, false);

  private int run(String... arguments) {
    return Main.run(screen.console(), arguments);
  }

  @Test
  void helpNamesEveryCommandAndNoHiddenOne() {
    assertEquals(0, run("--help"));
    for (String command :
        List.of(
            "list",
            "get",
            "open",
            "extend",
            "suspend",
            "resume",
            "delete",
            "templates",
            "quota",
            "doctor")) {
      assertTrue(screen.out().contains("  " + command), command);
    }
    assertFalse(screen.out().contains("__"));
    screen.out().lines().forEach(line -> assertTrue(line.length() <= 80, line));
  }

  @Test
  void whatIsNotUnderstoodIsSaidAndIs64() {
    assertEquals(64, run("lsit"));
    assertTrue(screen.err().contains("error: Unmatched argument at index 0: 'lsit'"));
    assertEquals(64, run("extend", "alice"));
    assertEquals(64, run("extend", "alice", "--by", "soon"));
    assertTrue(
        screen.err().contains("\"soon\" is not a duration above zero, such as 90m or 1h30m"));
    assertEquals(64, run("list", "-o", "xml"));
  }

  @Test
  void aClusterThatCannotBeReachedIsSaidAndIs1(@TempDir Path folder) throws IOException {
    String missing = folder.resolve("nowhere").toString();
    assertEquals(1, run("list", "--kubeconfig", missing));
    assertTrue(screen.err().contains("no kubeconfig: " + missing));
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
    assertEquals(1, run("list", "--kubeconfig", file.toString()));
    assertTrue(screen.err().contains("127.0.0.1"));
    assertEquals(1, run("list", "--kubeconfig", file.toString(), "--context", "there"));
    assertTrue(screen.err().contains("the kubeconfig has no context \"there\""));
    assertEquals(2, run("doctor", "--kubeconfig", file.toString()));
    assertTrue(screen.out().contains("VDI101"), screen.out());
  }

  @Test
  void completionsForKubectlAndForBash() {
    assertEquals(0, run("__complete", "su"));
    assertEquals("suspend\n:4\n", screen.out());
    assertEquals(0, run("completion"));
    assertTrue(screen.out().contains("complete -F _complete_kubectl-vdi"), screen.out());
  }
}
