package io.vdi.operator.gate.api.rest;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.gate.api.SessionListener;
import io.vdi.operator.gate.api.SessionView;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * A session as server-sent events: {@code session} with the whole session after each change, and
 * {@code end}. A client that reads slowly gets the latest state, not every state.
 */
final class EventStream implements SessionListener {
  /** A comment that keeps proxies from closing the connection, and finds closed ones. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(10);

  private final Lock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private Optional<SessionView> next = Optional.empty();
  private boolean ended;

  @Override
  public void changed(SessionView session) {
    lock.lock();
    try {
      next = Optional.of(session);
      news.signal();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void ended() {
    lock.lock();
    try {
      ended = true;
      news.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sends until the session ends, the client closes the connection, or the caller is no longer
   * signed in.
   *
   * @param isValid asked at every heartbeat
   */
  void send(ServerResponse response, BooleanSupplier isValid) {
    response.headers().set(HeaderNames.CONTENT_TYPE, "text/event-stream");
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    // Without it nginx collects events before it passes them on.
    response.headers().set(HeaderNames.create("X-Accel-Buffering"), "no");
    try (OutputStream out = response.outputStream()) {
      write(out, "retry: 3000\n\n");
      while (step(out, isValid)) {
        out.flush();
      }
    } catch (IOException | UncheckedIOException e) {
      // The client has closed the connection.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean step(OutputStream out, BooleanSupplier isValid)
      throws IOException, InterruptedException {
    Optional<SessionView> session = await();
    if (session.isPresent()) {
      write(
          out,
          "event: session\nid: "
              + session.get().version()
              + "\ndata: "
              + ApiJson.of(session.get())
              + "\n\n");
      return true;
    }
    if (isEnded()) {
      write(out, "event: end\ndata: {}\n\n");
      return false;
    }
    if (!isValid.getAsBoolean()) {
      return false;
    }
    write(out, ": \n\n");
    return true;
  }

  private Optional<SessionView> await() throws InterruptedException {
    lock.lock();
    try {
      long left = HEARTBEAT.toNanos();
      while (next.isEmpty() && !ended && left > 0) {
        left = news.awaitNanos(left);
      }
      Optional<SessionView> session = next;
      next = Optional.empty();
      return session;
    } finally {
      lock.unlock();
    }
  }

  private boolean isEnded() {
    lock.lock();
    try {
      return ended;
    } finally {
      lock.unlock();
    }
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
