package io.vdi.operator.admission.http;

import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Closes a connection on which no request has come whole for too long: one that is idle, or whose
 * client never finishes its handshake or its headers. The server has a limit for the first line of
 * a request only. It hands every connection here when it begins, as its socket options.
 */
public final class ConnectionTimeouts implements SocketOptions {
  private final SocketOptions options = SocketOptions.create();
  private final Map<SocketAddress, Watched> open = new ConcurrentHashMap<>();

  private record Watched(SocketChannel channel, long since) {}

  /**
   * @param limit from the beginning of a connection to its first request, and from one to the next
   */
  public ConnectionTimeouts(Duration limit) {
    long every = Math.max(1, limit.toMillis() / 4);
    Thread.ofPlatform()
        .daemon()
        .name("idle-connections")
        .start(() -> {
          while (!Thread.interrupted()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(every));
            sweep(limit.toNanos());
          }
        });
  }

  @Override
  public void configureSocket(SocketChannel channel) {
    options.configureSocket(channel);
    try {
      open.put(channel.getRemoteAddress(), new Watched(channel, System.nanoTime()));
    } catch (IOException e) {
      // It has gone already.
    }
  }

  /** A request has come on this connection: its time begins anew. */
  void alive(ServerRequest request) {
    if (request.remotePeer().address() instanceof InetSocketAddress address) {
      open.computeIfPresent(
          address, (key, watched) -> new Watched(watched.channel(), System.nanoTime()));
    }
  }

  private void sweep(long limitNanos) {
    long now = System.nanoTime();
    open.values()
        .removeIf(watched -> {
          if (watched.channel().isOpen() && now - watched.since() > limitNanos) {
            close(watched.channel());
          }
          return !watched.channel().isOpen();
        });
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // Closed either way.
    }
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
