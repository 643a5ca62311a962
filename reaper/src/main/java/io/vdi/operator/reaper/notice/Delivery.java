package io.vdi.operator.reaper.notice;

import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.runtime.webhook.WebhookClient;
import io.vdi.operator.runtime.workqueue.Backoff;
import io.vdi.operator.runtime.workqueue.WorkQueue;
import io.vdi.operator.runtime.workqueue.WorkerPool;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The notices that wait for one sink, and the threads that send them. A notice that fails is tried
 * again with back-off while others are sent; at the end of its time it is given up.
 */
final class Delivery {
  private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

  /** More than one, so that one receiver of mail that answers slowly delays the others less. */
  private static final int WORKERS = 2;

  static final Backoff BACKOFF = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(5));

  private final NoticeSink sink;
  private final int capacity;
  private final BooleanSupplier mayWrite;
  private final NoticeListener onSettled;
  private final InstantSource clock;
  private final Backoff backoff;
  private final Map<String, Pending> pending = new ConcurrentHashMap<>();
  private final WorkQueue<String> queue;
  private final WorkerPool<String> workers;
  private volatile boolean closed;
  private volatile String logged = "";

  private record Pending(Notice notice, int failures) {}

  /**
   * @param capacity how many notices can wait
   * @param mayWrite whether this replica leads; asked before each attempt
   * @param onSettled called on the threads of this sink. The notice is remembered until {@link
   *     #forget}, so that it is not accepted again in between
   */
  Delivery(
      NoticeSink sink,
      int capacity,
      Backoff backoff,
      BooleanSupplier mayWrite,
      NoticeListener onSettled,
      InstantSource clock) {
    this.sink = sink;
    this.capacity = capacity;
    this.backoff = backoff;
    this.mayWrite = mayWrite;
    this.onSettled = onSettled;
    this.clock = clock;
    this.queue = new WorkQueue<>(backoff, RandomGenerator.getDefault());
    this.workers = new WorkerPool<>("notices-" + sink.name(), queue, WORKERS, this::deliver, clock);
  }

  String name() {
    return sink.name();
  }

  void start() {
    workers.start();
  }

  /** How many notices wait or are being sent. */
  int size() {
    return pending.size();
  }

  /**
   * Accepts the notice unless too many wait: then it is offered again later. It does not wait. For
   * one thread.
   */
  void offer(Notice notice) {
    if (pending.size() < capacity
        && pending.putIfAbsent(notice.id(), new Pending(notice, 0)) == null) {
      queue.add(notice.id());
    }
  }

  /** The notice is recorded as settled. */
  void forget(Notice notice) {
    pending.remove(notice.id());
  }

  private ReconcileResult deliver(String id) {
    Pending next = pending.get(id);
    if (next == null || closed) {
      return new ReconcileResult.Done();
    }
    if (!mayWrite.getAsBoolean()) {
      pending.remove(id);
      return new ReconcileResult.Done();
    }
    if (!clock.instant().isBefore(next.notice().until())) {
      onSettled.settled(name(), next.notice(), NoticeListener.Outcome.GIVEN_UP, logged);
      return new ReconcileResult.Done();
    }
    return switch (sink.send(next.notice())) {
      case WebhookClient.Outcome.Delivered() -> {
        logged = "";
        onSettled.settled(name(), next.notice(), NoticeListener.Outcome.DELIVERED, "");
        yield new ReconcileResult.Done();
      }
      case WebhookClient.Outcome.Refused(String why) -> {
        onSettled.settled(name(), next.notice(), NoticeListener.Outcome.REFUSED, why);
        yield new ReconcileResult.Done();
      }
      case WebhookClient.Outcome.Failed(String why) -> {
        log(why);
        Pending failed = new Pending(next.notice(), next.failures() + 1);
        pending.replace(id, failed);
        yield new ReconcileResult.RequeueAfter(
            backoff.delay(failed.failures(), RandomGenerator.getDefault()));
      }
    };
  }

  /** Once while it stays the same: a sink that is down must not fill the log. */
  private void log(String why) {
    if (!closed && !why.equals(logged)) {
      logged = why;
      LOG.warn("notices to {} fail, trying again: {}", name(), why);
    }
  }

  /** Starts no further attempt, ends those in progress, and waits for them. */
  void close(Duration timeout) throws InterruptedException {
    closed = true;
    sink.close();
    if (!workers.stop(timeout)) {
      LOG.info("an attempt to send a notice to {} is still in progress", name());
    }
  }
}
