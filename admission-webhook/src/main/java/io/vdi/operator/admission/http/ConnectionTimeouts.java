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
 * Limits the connections in time and number. Closes those on which no complete request arrives in
 * time: idle ones, and those whose client never finishes its handshake or its headers. Closes new
 * ones while too many are open, or while one address has more than half of them. Without it,
 * clients can hold connections, and with them threads and memory, forever.
 *
 * <p>Helidon's own {@code idleConnectionTimeout} does not close a connection once the first line of
 * a request has arrived, so a client that never finishes its headers holds it
 * (docs/decisions/helidon-facilities.md). Helidon passes every new connection to its socket
 * options, which is how this class learns of it. Helidon's own {@code maxTcpConnections} stops
 * accepting at its limit: then one client that opens connections keeps the API server out. Settings
 * {@code admission.idleTimeout} and {@code admission.maxConnections} change the limits.
 */
public final class ConnectionTimeouts implements SocketOptions, AutoCloseable {
  private final SocketOptions options = SocketOptions.create();
  private final Map<SocketAddress, Connection> open = new ConcurrentHashMap<>();
  private final Duration limit;
  private final int maxConnections;
  private final LongSupplier elapsedNanos;
  private final Periodic sweeper;

  private record Connection(SocketChannel channel, long since) {}

  /**
   * @param limit between the start of a connection and its first request, and between two requests
   * @param maxConnections that are open; of one address half as many
   * @param elapsedNanos as {@link System#nanoTime}
   */
  public ConnectionTimeouts(Duration limit, int maxConnections, LongSupplier elapsedNanos) {
    this.limit = limit;
    this.maxConnections = maxConnections;
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
      SocketAddress address = channel.getRemoteAddress();
      if (isFull(address)) {
        close(channel);
      } else {
        open.put(address, new Connection(channel, elapsedNanos.getAsLong()));
      }
    } catch (IOException e) {
      // The client has closed the connection already.
    }
  }

  /** One thread accepts all connections, so the count cannot change concurrently upwards. */
  private boolean isFull(SocketAddress address) {
    if (open.size() < maxConnections / 2) {
      return false;
    }
    open.values().removeIf(connection -> !connection.channel().isOpen());
    long ofAddress = open.keySet().stream().filter(other -> isSameHost(other, address)).count();
    return open.size() >= maxConnections || ofAddress >= maxConnections / 2;
  }

  private static boolean isSameHost(SocketAddress a, SocketAddress b) {
    return a instanceof InetSocketAddress x
        && b instanceof InetSocketAddress y
        && x.getAddress().equals(y.getAddress());
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
