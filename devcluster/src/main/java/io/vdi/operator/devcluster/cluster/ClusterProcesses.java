package io.vdi.operator.devcluster.cluster;

import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.IsolatedHost;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The processes of one cluster: where they run, where they log, and how they stop. */
final class ClusterProcesses {
  private static final String LOOPBACK = "127.0.0.1";

  private final Path folder;
  private final Optional<IsolatedHost> host;
  private final List<ChildProcess> started = Collections.synchronizedList(new ArrayList<>());

  /**
   * @param folder directory for the logs
   * @param host where the processes run; empty for this machine
   */
  ClusterProcesses(Path folder, Optional<IsolatedHost> host) {
    this.folder = folder;
    this.host = host;
  }

  /** The IP address on which they listen. */
  String address() {
    return host.map(IsolatedHost::address).orElse(LOOPBACK);
  }

  boolean isIsolated() {
    return host.isPresent();
  }

  /** Starts a program, which logs to {@code <name>.log}. */
  ChildProcess start(String name, List<String> command, Map<String, String> environment) {
    ChildProcess process =
        ChildProcess.start(
            name,
            host.map(inside -> inside.inside(command)).orElse(command),
            environment,
            folder.resolve(name + ".log"));
    started.add(process);
    return process;
  }

  /** The process with this name. */
  ChildProcess get(String name) {
    return started.stream()
        .filter(process -> process.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Fails with the last lines of its log if a process has exited. */
  void requireAlive() {
    started.forEach(ChildProcess::requireAlive);
  }

  /** Kills the processes, the last one first, so that none loses a server that it uses. */
  void kill() {
    host.ifPresent(IsolatedHost::close);
    started.reversed().forEach(ChildProcess::kill);
  }
}
