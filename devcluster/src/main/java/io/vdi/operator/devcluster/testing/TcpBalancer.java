package io.vdi.operator.devcluster.testing;

import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One address on loopback for several servers, like a Service of Kubernetes: each connection goes
 * to the next server, and skips a server that does not listen.
 */
public final class TcpBalancer implements AutoCloseable {
  private static final int CONNECT_MILLIS = 1000;

  private final ServerSocket listener;
  private final List<Integer> ports;
  private final AtomicInteger next = new AtomicInteger();

  /**
   * Listens on a free port.
   *
   * @param ports of the servers, on loopback
   */
  public TcpBalancer(List<Integer> ports) {
    this.ports = List.copyOf(ports);
    try {
      listener = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new ClusterException("cannot listen", e);
    }
    Thread.ofVirtual().name("balancer").start(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        Thread.ofVirtual().start(() -> connect(client));
      } catch (IOException e) {
        // This balancer was closed, or the client closed its connection again.
      }
    }
  }

  private void connect(Socket client) {
    int first = next.getAndIncrement();
    for (int i = 0; i < ports.size(); i++) {
      Socket server = new Socket();
      try {
        server.connect(
            new InetSocketAddress(
                InetAddress.getLoopbackAddress(),
                ports.get(Math.floorMod(first + i, ports.size()))),
            CONNECT_MILLIS);
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        Thread.ofVirtual().start(() -> copy(server, client));
        copy(client, server);
        return;
      } catch (IOException e) {
        close(server);
      }
    }
    close(client);
  }

  /** Copies until one side closes the connection, then closes both. */
  private static void copy(Socket from, Socket to) {
    try (from;
        to;
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      in.transferTo(out);
    } catch (IOException e) {
      // The other side was killed.
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing uses the socket any more.
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new ClusterException("cannot close the balancer", e);
    }
  }
}
