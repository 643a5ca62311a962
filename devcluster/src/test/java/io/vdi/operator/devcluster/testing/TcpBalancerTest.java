package io.vdi.operator.devcluster.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class TcpBalancerTest {
  @Test
  void connectsToEachServerInTurn() throws IOException {
    try (ServerSocket one = server("one");
        ServerSocket two = server("two");
        TcpBalancer balancer = new TcpBalancer(List.of(one.getLocalPort(), two.getLocalPort()))) {
      assertThat(List.of(read(balancer), read(balancer), read(balancer)))
          .containsExactly("one", "two", "one");
    }
  }

  @Test
  void skipsServerThatDoesNotListen() throws IOException {
    try (Socket stopped = notListening();
        ServerSocket two = server("two");
        TcpBalancer balancer =
            new TcpBalancer(List.of(stopped.getLocalPort(), two.getLocalPort()))) {
      assertThat(List.of(read(balancer), read(balancer))).containsExactly("two", "two");
    }
  }

  @Test
  void closesConnectionWhenNoServerListens() throws IOException {
    try (Socket stopped = notListening();
        TcpBalancer balancer = new TcpBalancer(List.of(stopped.getLocalPort()))) {
      assertThat(read(balancer)).isEmpty();
    }
  }

  /** It keeps its port, so that no other process can listen there. */
  private static Socket notListening() throws IOException {
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return socket;
  }

  @Test
  void copiesBothDirections() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        TcpBalancer balancer = new TcpBalancer(List.of(server.getLocalPort()));
        Socket client = new Socket(InetAddress.getLoopbackAddress(), balancer.port());
        Socket accepted = server.accept()) {
      client.getOutputStream().write('q');
      assertThat(accepted.getInputStream().read()).isEqualTo('q');
      accepted.getOutputStream().write('a');
      assertThat(client.getInputStream().read()).isEqualTo('a');
      accepted.shutdownOutput();
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
  }

  /** A server that sends its name to each client and closes the connection. */
  private static ServerSocket server(String name) throws IOException {
    ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread.ofVirtual()
        .start(() -> {
          while (!server.isClosed()) {
            try (Socket client = server.accept()) {
              client.getOutputStream().write(name.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
              // The test has closed the server.
            }
          }
        });
    return server;
  }

  private static String read(TcpBalancer balancer) throws IOException {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), balancer.port())) {
      return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
