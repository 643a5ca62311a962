package io.vdi.operator.admission.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConnectionTimeoutsTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final AtomicLong now = new AtomicLong();
  private final ConnectionTimeouts timeouts = new ConnectionTimeouts(LIMIT, now::get);
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
    ConnectionTimeouts running = new ConnectionTimeouts(Duration.ofMillis(1), System::nanoTime);
    running.configureSocket(accepted);
    running.start();
    Awaitility.await().until(() -> !accepted.isOpen());
    running.close();
  }

  private void advance(Duration time) {
    now.addAndGet(time.toNanos());
    timeouts.sweep();
  }
}
