package io.vdi.operator.devcluster.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** TCP ports of the loopback interface. */
public final class LoopbackPorts {
  /** The first port of the range. */
  static final int FIRST = 10_000;

  /** After the last one: Linux gives ports from 32768 on to connections. */
  static final int END = 30_000;

  private static final int ATTEMPTS = 1_000;

  private LoopbackPorts() {}

  /**
   * Returns ports that are free now, all different. Nothing reserves them. They are random ones
   * below those that the kernel gives to connections, so that it is improbable that another process
   * takes one before the caller does.
   *
   * @throws ClusterException if many ports are tried and none is free
   */
  public static List<Integer> free(int count) {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int attempt = 0; sockets.size() < count; attempt++) {
        if (attempt == ATTEMPTS) {
          throw new ClusterException("no free port on the loopback interface");
        }
        open(ThreadLocalRandom.current().nextInt(FIRST, END)).ifPresent(sockets::add);
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      sockets.forEach(LoopbackPorts::close);
    }
  }

  private static Optional<ServerSocket> open(int port) {
    try {
      return Optional.of(new ServerSocket(port, 1, InetAddress.getLoopbackAddress()));
    } catch (IOException e) {
      // In use.
      return Optional.empty();
    }
  }

  private static void close(ServerSocket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing listens on the port either way.
    }
  }
}
