package io.vdi.operator.cli.cluster;

import io.kubernetes.client.PortForward.PortForwardResult;
import io.kubernetes.client.openapi.ApiException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Forwards a port of the loopback address to a port of a pod through the API server, which works
 * without a route. Each connection has its own stream.
 */
public final class PortForward implements AutoCloseable {
  private final ClusterAccess cluster;
  private final String namespace;
  private final String pod;
  private final int port;
  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile Optional<CliException> failure = Optional.empty();

  private PortForward(ClusterAccess cluster, String namespace, String pod, int port, int local)
      throws IOException {
    this.cluster = cluster;
    this.namespace = namespace;
    this.pod = pod;
    this.port = port;
    this.listener = new ServerSocket(local, 64, InetAddress.getLoopbackAddress());
  }

  /**
   * Starts to listen.
   *
   * @param local the local port; 0 for any free port
   * @throws CliException if the local port is in use
   */
  public static PortForward start(
      ClusterAccess cluster, String namespace, String pod, int port, int local) {
    try {
      PortForward forward = new PortForward(cluster, namespace, pod, port, local);
      Thread.ofVirtual().name("forward").start(forward::listen);
      return forward;
    } catch (IOException e) {
      throw new CliException.Failed("cannot listen on port " + local + ": " + e.getMessage());
    }
  }

  public int localPort() {
    return listener.getLocalPort();
  }

  /**
   * Why the API server rejected the last stream; empty if it rejected none. {@link
   * CliException.ApiRejected} if the user lacks the permission.
   */
  public Optional<CliException> failure() {
    return failure;
  }

  private void listen() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    open.add(socket);
    try (socket) {
      stream(socket);
    } catch (IOException | IllegalStateException e) {
      // One side closed the connection. The client library then throws IllegalStateException.
    } finally {
      open.remove(socket);
    }
  }

  /** Sets {@link #failure} before the socket is closed, so that its client can read it. */
  private void stream(Socket socket) throws IOException {
    try (PortForwardResult stream =
        new io.kubernetes.client.PortForward(cluster.api().streamingClient())
            .forward(namespace, pod, List.of(port))) {
      InputStream answers = stream.getInputStream(port);
      OutputStream requests = stream.getOutboundStream(port);
      Thread.ofVirtual().start(() -> copy(socket, requests));
      answers.transferTo(socket.getOutputStream());
    } catch (ApiException e) {
      failure = Optional.of(rejected(String.valueOf(e.getMessage())));
    }
  }

  /** The client library reports the HTTP status of a failed upgrade only in the message. */
  private static CliException rejected(String message) {
    return message.contains("403")
        ? new CliException.ApiRejected(403, "forbidden: you may not create pods/portforward")
        : new CliException.Failed(message);
  }

  private static void copy(Socket from, OutputStream to) {
    try {
      byte[] buffer = new byte[16 * 1024];
      InputStream in = from.getInputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        to.write(buffer, 0, n);
        to.flush();
      }
    } catch (IOException | IllegalStateException e) {
      // One side closed the connection, see serve.
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      // A socket that fails to close is closed.
    }
  }
}
