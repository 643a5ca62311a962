package io.vdi.operator.admission.http;

import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.http.ServerRequest;
import io.vdi.operator.runtime.schedule.Periodic;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Closes connections on which no complete request arrives in time: idle ones, and those whose
 * client never finishes its handshake or its headers. Without it, clients can hold connections, and
 * with them threads, forever.
 *
 * <p>Helidon's own {@code idleConnectionTimeout} does not close a connection once the first line of
 * a request has arrived, so a client that never finishes its headers holds it
 * (docs/decisions/helidon-facilities.md). Helidon passes every new connection to its socket
 * options, which is how this class learns of it. Setting {@code admission.idleTimeout} changes the
 * limit.
 */
public final class ConnectionTimeouts implements SocketOptions, AutoCloseable {
  private final SocketOptions options = SocketOptions.create();
  private final Map<SocketAddress, Connection> open = new ConcurrentHashMap<>();
  private final Duration limit;
  private final LongSupplier elapsedNanos;
  private final Periodic sweeper;

  private record Connection(SocketChannel channel, long since) {}

  /**
   * @param limit between the start of a connection and its first request, and between two requests
   * @param elapsedNanos as {@link System#nanoTime}
   */
  public ConnectionTimeouts(Duration limit, LongSupplier elapsedNanos) {
    this.limit = limit;
    this.elapsedNanos = elapsedNanos;
    this.sweeper = new Periodic("connections", limit.dividedBy(4), this::sweep);
  }

  public void start() {
    sweeper.start();
  }

  @Override
  public void configureSocket(SocketChannel channel) {
    options.configureSocket(channel);
    try {
      open.put(channel.getRemoteAddress(), new Connection(channel, elapsedNanos.getAsLong()));
    } catch (IOException e) {
      // The client has closed the connection already.
    }
  }

  /** Starts the limit of a request's connection again. */
  void restart(ServerRequest request) {
    if (request.remotePeer().address() instanceof InetSocketAddress address) {
      restart(address);
    }
  }

  void restart(SocketAddress address) {
    open.computeIfPresent(
        address,
        (key, connection) -> new Connection(connection.channel(), elapsedNanos.getAsLong()));
  }

  /** Closes what is over the limit. */
  void sweep() {
    long now = elapsedNanos.getAsLong();
    open.values()
        .removeIf(connection -> {
          if (connection.channel().isOpen() && now - connection.since() > limit.toNanos()) {
            close(connection.channel());
          }
          return !connection.channel().isOpen();
        });
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The channel is closed in either case.
    }
  }

  @Override
  public void close() {
    sweeper.close();
  }

  @Override
  public Map<SocketOption<?>, Object> socketOptions() {
    return options.socketOptions();
  }

  @Override
  public Duration connectTimeout() {
    return options.connectTimeout();
  }

  @Override
  public Duration readTimeout() {
    return options.readTimeout();
  }

  @Override
  public Optional<Integer> socketReceiveBufferSize() {
    return options.socketReceiveBufferSize();
  }

  @Override
  public Optional<Integer> socketSendBufferSize() {
    return options.socketSendBufferSize();
  }

  @Override
  public boolean socketReuseAddress() {
    return options.socketReuseAddress();
  }

  @Override
  public boolean socketKeepAlive() {
    return options.socketKeepAlive();
  }

  @Override
  public boolean tcpNoDelay() {
    return options.tcpNoDelay();
  }
}
