package io.vdi.operator.admission.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConnectionTimeoutsTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final int MAX_CONNECTIONS = 4;

  private final AtomicLong now = new AtomicLong();
  private final ConnectionTimeouts timeouts =
      new ConnectionTimeouts(LIMIT, MAX_CONNECTIONS, now::get);
  private ServerSocketChannel listener;
  private SocketChannel client;
  private SocketChannel accepted;

  @BeforeEach
  void connect() throws IOException {
    listener =
        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    client = SocketChannel.open(listener.getLocalAddress());
    accepted = listener.accept();
    timeouts.configureSocket(accepted);
  }

  @AfterEach
  void close() throws IOException {
    timeouts.close();
    accepted.close();
    client.close();
    listener.close();
  }

  @Test
  void aConnectionWithoutARequestIsClosedAfterTheLimit() throws IOException {
    advance(LIMIT);
    assertThat(accepted.isOpen()).as("open at the limit").isTrue();
    advance(Duration.ofNanos(1));
    assertThat(accepted.isOpen()).as("open after the limit").isFalse();
    assertThat(client.read(ByteBuffer.allocate(1))).as("the client reads the end").isEqualTo(-1);
  }

  @Test
  void eachRequestStartsTheLimitAgain() throws IOException {
    for (int i = 0; i < 3; i++) {
      advance(LIMIT);
      timeouts.restart(accepted.getRemoteAddress());
    }
    assertThat(accepted.isOpen()).as("open while requests arrive").isTrue();
    advance(LIMIT.plusNanos(1));
    assertThat(accepted.isOpen()).as("open after the last request").isFalse();
  }

  @Test
  void aConnectionThatTheClientHasClosedIsForgotten() throws IOException {
    InetSocketAddress address = (InetSocketAddress) accepted.getRemoteAddress();
    accepted.close();
    advance(LIMIT.plusNanos(1));
    timeouts.restart(address);
    timeouts.configureSocket(accepted);
    advance(LIMIT.plusNanos(1));
  }

  @Test
  void theThreadSweepsByItself() throws IOException {
    ConnectionTimeouts running =
        new ConnectionTimeouts(Duration.ofMillis(1), MAX_CONNECTIONS, System::nanoTime);
    running.configureSocket(accepted);
    running.start();
    Awaitility.await().until(() -> !accepted.isOpen());
    running.close();
  }

  /** One client must not keep the API server out. */
  @Test
  void oneAddressCanHaveHalfOfTheConnections() throws IOException {
    List<SocketChannel> clients = new ArrayList<>();
    List<SocketChannel> servers = new ArrayList<>();
    for (int i = 1; i < MAX_CONNECTIONS; i++) {
      clients.add(SocketChannel.open(listener.getLocalAddress()));
      servers.add(listener.accept());
      timeouts.configureSocket(servers.getLast());
    }
    assertThat(servers).extracting(SocketChannel::isOpen).containsExactly(true, false, false);
    SocketChannel other = SocketChannel.open();
    other.bind(new InetSocketAddress("127.0.0.2", 0)).connect(listener.getLocalAddress());
    clients.add(other);
    servers.add(listener.accept());
    timeouts.configureSocket(servers.getLast());
    assertThat(servers.getLast().isOpen()).as("another address").isTrue();

    servers.getFirst().close();
    clients.add(SocketChannel.open(listener.getLocalAddress()));
    servers.add(listener.accept());
    timeouts.configureSocket(servers.getLast());
    assertThat(servers.getLast().isOpen()).as("after another one was closed").isTrue();
    for (SocketChannel channel : Stream.concat(clients.stream(), servers.stream()).toList()) {
      channel.close();
    }
  }

  private void advance(Duration time) {
    now.addAndGet(time.toNanos());
    timeouts.sweep();
  }
}
