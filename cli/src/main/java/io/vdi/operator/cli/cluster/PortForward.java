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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A port of a pod at a port of loopback, through the API server, so that no route is needed: each
 * connection is a stream of its own.
 */
public final class PortForward implements AutoCloseable {
  /** The refusal of who lacks the right. */
  public static final String FORBIDDEN = "you may not create pods/portforward";

  private final ClusterAccess cluster;
  private final String namespace;
  private final String pod;
  private final int port;
  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile String refusal = "";

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
   * @param local the port; 0 for any that is free
   * @throws CliException where the port is taken
   */
  public static PortForward start(
      ClusterAccess cluster, String namespace, String pod, int port, int local) {
    try {
      PortForward forward = new PortForward(cluster, namespace, pod, port, local);
      Thread.ofVirtual().name("forward").start(forward::listen);
      return forward;
    } catch (IOException e) {
      throw new CliException(0, "cannot listen on port " + local + ": " + e.getMessage());
    }
  }

  /** Where it listens. */
  public int localPort() {
    return listener.getLocalPort();
  }

  /** Why the API server did not forward; empty where it did. */
  public String refusal() {
    return refusal;
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
    try (socket;
        PortForwardResult stream =
            new io.kubernetes.client.PortForward(cluster.api().streamingClient())
                .forward(namespace, pod, List.of(port))) {
      InputStream answers = stream.getInputStream(port);
      OutputStream requests = stream.getOutboundStream(port);
      Thread.ofVirtual().start(() -> copy(socket, requests));
      answers.transferTo(socket.getOutputStream());
    } catch (ApiException e) {
      String words = String.valueOf(e.getMessage());
      refusal = words.contains("403") ? FORBIDDEN : words;
    } catch (IOException | IllegalStateException e) {
      // One side has hung up, as connections do; the library tells it of a stream by the latter.
    } finally {
      open.remove(socket);
    }
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
      // As above.
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
      // It is closed then.
    }
  }
}
