package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.cli.Main;
import io.vdi.operator.cli.TestConsole;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Runs commands on a fake API server, with the kubeconfig in KUBECONFIG. */
final class CommandRunner implements AutoCloseable {
  final FakeCluster server = new FakeCluster();
  private final Path kubeconfig;

  CommandRunner(Path folder) {
    try {
      kubeconfig = Files.writeString(folder.resolve("kubeconfig"), server.kubeconfig());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  record Result(int exitCode, String out, String err) {}

  Result run(String... arguments) {
    TestConsole console = new TestConsole(100, false, Map.of("KUBECONFIG", kubeconfig.toString()));
    int exitCode = Main.run(console.console(), arguments);
    return new Result(exitCode, console.out(), console.err());
  }

  @Override
  public void close() {
    server.close();
  }
}
