package io.vdi.operator.e2e.doctor;

import io.vdi.operator.devcluster.build.DebianPackages;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Debian's coturn on loopback. It accepts credentials that are signed with {@link #SECRET}. */
final class TurnRelay {
  static final String SECRET = "shared";

  private final Path folder;
  private final int port = LoopbackPorts.free(1).getFirst();
  private Optional<ChildProcess> process = Optional.empty();

  TurnRelay(Path folder) {
    this.folder = folder;
  }

  /** Whether coturn is installed; installs it if possible. */
  static boolean isProvided() {
    return DebianPackages.provide("coturn", Path.of("/usr/bin/turnserver"));
  }

  int port() {
    return port;
  }

  void start() {
    Path file = folder.resolve("turnserver.conf");
    try {
      Files.writeString(
          file,
          """
          use-auth-secret
          static-auth-secret=%s
          realm=%s
          listening-ip=127.0.0.1
          relay-ip=127.0.0.1
          listening-port=%d
          no-cli
          no-tls
          no-dtls
          log-file=stdout
          pidfile=%s/pid
          userdb=%s/db
          """
              .formatted(SECRET, FullCluster.DOMAIN, port, folder, folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    process =
        Optional.of(
            ChildProcess.start(
                "turnserver",
                List.of("setpriv", "--pdeathsig", "KILL", "turnserver", "-c", file.toString()),
                Map.of(),
                folder.resolve("turnserver.log")));
  }

  void kill() {
    process.ifPresent(ChildProcess::kill);
  }
}
