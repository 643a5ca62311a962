package io.vdi.operator.gate.portal;

import io.vdi.operator.gate.api.SessionListener;
import io.vdi.operator.gate.api.SessionView;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * The changes of one session as server-sent events, for one page that is open. Changes that occur
 * while one is being sent are sent as one.
 *
 * <ul>
 *   <li>{@code session}: the part of the page that changes, as HTML
 *   <li>{@code gone}: the session is deleted, or the user cannot see it any more
 *   <li>{@code signedout}: the sign-in has ended
 * </ul>
 */
final class SessionStream implements SessionListener {
  /** How long a browser waits before it connects again. */
  private static final Duration RETRY = Duration.ofSeconds(2);

  private final Semaphore signal = new Semaphore(0);
  private final Duration heartbeat;
  private volatile Optional<SessionView> latest = Optional.empty();
  private volatile boolean isGone;
  private volatile boolean isStopped;

  /**
   * @param heartbeat how often something is sent at least; the times on the page are updated then,
   *     and a connection that is broken is noticed
   */
  SessionStream(Duration heartbeat) {
    this.heartbeat = heartbeat;
  }

  @Override
  public void changed(SessionView session) {
    latest = Optional.of(session);
    signal.release();
  }

  @Override
  public void ended() {
    isGone = true;
    signal.release();
  }

  /** Ends the stream; the browser connects again. */
  void stop() {
    isStopped = true;
    signal.release();
  }

  /**
   * Sends until the session or the sign-in ends, the browser closes the page, the lifetime is over,
   * or {@link #stop}.
   *
   * @param lifetime after which the browser has to connect again
   * @throws IOException if the browser has closed the page
   */
  void send(
      OutputStream out,
      Function<SessionView, String> html,
      BooleanSupplier isSignedIn,
      Duration lifetime)
      throws IOException {
    long end = System.nanoTime() + lifetime.toNanos();
    write(out, "retry: " + RETRY.toMillis() + "\n\n");
    String sent = "";
    while (!isStopped && System.nanoTime() < end) {
      if (isGone) {
        write(out, event("gone", ""));
        return;
      }
      if (!isSignedIn.getAsBoolean()) {
        write(out, event("signedout", ""));
        return;
      }
      String now = latest.map(html).orElse("");
      write(out, now.equals(sent) ? ": \n\n" : event("session", now));
      sent = now;
      try {
        if (signal.tryAcquire(heartbeat.toNanos(), TimeUnit.NANOSECONDS)) {
          signal.drainPermits();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** An event. Line ends in the data would end it early, so each line is a field of its own. */
  static String event(String name, String data) {
    StringBuilder event = new StringBuilder("event: ").append(name).append('\n');
    data.lines().forEach(line -> event.append("data: ").append(line).append('\n'));
    if (data.isEmpty()) {
      // Browsers do not report an event without data.
      event.append("data:\n");
    }
    return event.append('\n').toString();
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
