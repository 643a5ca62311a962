package io.vdi.operator.reaper.notice;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.SharedConfigMap;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.notice.Notices;
import io.vdi.operator.common.thread.FatalErrorHandler;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells users what happens to their sessions; docs/decisions/notices.md. Whoever observes a session
 * only derives its notices and adds them to a queue. One thread compares them with the {@link
 * Ledger}, gives them to the sinks, and writes the ledger after a delivery. So a notice is repeated
 * if the process ends between the two, and none is lost.
 */
public final class Notifier {
  /** The ConfigMap in the operator's namespace. */
  public static final String NAME = "vdi-notices";

  /** The names of all sinks, whether they are configured or not. */
  public static final List<String> SINKS = List.of("webhook", "mail", "chat");

  private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);

  /** What does not fit is derived again with the next sweep. */
  private static final int MAX_MESSAGES = 50_000;

  private static final Duration WRITE_INTERVAL = Duration.ofSeconds(1);
  private static final Duration RETRY_INTERVAL = Duration.ofSeconds(5);
  private static final Duration KEPT_INTERVAL = Duration.ofMinutes(1);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  private final SharedConfigMap map;
  private final Duration validFor;
  private final BooleanSupplier mayWrite;
  private final InstantSource clock;
  private final List<Delivery> deliveries;
  private final NoticeListener listener;
  private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>(MAX_MESSAGES);
  private final Thread thread;
  private volatile boolean closed;

  // Used by the thread only.
  private Ledger ledger = new Ledger();
  private String version = "";
  private boolean dirty;
  private long nextWrite = System.nanoTime();
  private long nextKept = System.nanoTime();
  private String logged = "";

  private sealed interface Message {
    /** A notice is due, as it was several times before and will be again. */
    record Due(Notice notice) implements Message {}

    /** A sink needs the notice not any more. */
    record Settled(String sink, Notice notice) implements Message {}
  }

  /**
   * @param namespace of the operator
   * @param mayWrite whether this replica leads; asked before each write and each attempt to send
   * @param clock of the API server
   */
  public Notifier(
      KubeClient api,
      String namespace,
      NoticeConfig config,
      BooleanSupplier mayWrite,
      NoticeListener listener,
      InstantSource clock) {
    this.map = new SharedConfigMap(api, namespace, NAME);
    this.validFor = config.giveUpAfter();
    this.mayWrite = mayWrite;
    this.listener = listener;
    this.clock = clock;
    this.deliveries =
        sinks(config, clock).stream()
            .map(sink ->
                new Delivery(
                    sink, config.queue(), Delivery.BACKOFF, mayWrite, this::settled, clock))
            .toList();
    this.thread = FatalErrorHandler.END_PROCESS.thread("notices").unstarted(this::run);
  }

  private static List<NoticeSink> sinks(NoticeConfig config, InstantSource clock) {
    List<NoticeSink> sinks = new ArrayList<>();
    config
        .webhook()
        .ifPresent(to -> sinks.add(new WebhookSink(to, config.source(), config.timeout())));
    config.smtp().ifPresent(to -> sinks.add(new MailSink(to, config.timeout(), clock)));
    config.chat().ifPresent(to -> sinks.add(new ChatSink(to, config.timeout())));
    return List.copyOf(sinks);
  }

  /** How many notices wait for this sink. */
  public int pending(String sink) {
    return deliveries.stream()
        .filter(delivery -> delivery.name().equals(sink))
        .mapToInt(Delivery::size)
        .sum();
  }

  /** Starts to send; before, notices are collected. */
  public void start() {
    if (!deliveries.isEmpty()) {
      deliveries.forEach(Delivery::start);
      thread.start();
    }
  }

  /**
   * Adds the notices that are due for this session. It does not wait.
   *
   * @param warningBefore how long before an end its user is told
   */
  public void observe(VdiSession session, Notices.Observed observed, Duration warningBefore) {
    if (!deliveries.isEmpty()) {
      Notices.due(session, observed, settings(warningBefore), clock.instant())
          .forEach(notice -> add(new Message.Due(notice)));
    }
  }

  /** The same for a session that does not exist any more. */
  public void deleted(VdiSession last) {
    if (!deliveries.isEmpty()) {
      Notices.ofDeleted(last, settings(Duration.ZERO), clock.instant())
          .ifPresent(notice -> add(new Message.Due(notice)));
    }
  }

  private Notices.Settings settings(Duration warningBefore) {
    return new Notices.Settings(warningBefore, validFor);
  }

  private void settled(String sink, Notice notice, NoticeListener.Outcome outcome, String why) {
    add(new Message.Settled(sink, notice));
    listener.settled(sink, notice, outcome, why);
  }

  private void add(Message message) {
    if (!messages.offer(message)) {
      LOG.debug("no room for {}", message);
    }
  }

  private void run() {
    try {
      while (!closed && !prepare()) {
        TimeUnit.NANOSECONDS.sleep(RETRY_INTERVAL.toNanos());
      }
      while (!closed || !messages.isEmpty()) {
        Message first = messages.poll(200, TimeUnit.MILLISECONDS);
        if (first != null) {
          handle(first);
        }
        List<Message> more = new ArrayList<>();
        messages.drainTo(more);
        more.forEach(this::handle);
        offerKept();
        if (dirty && System.nanoTime() - nextWrite >= 0) {
          write();
        }
      }
      if (dirty) {
        write();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Reads what the former leader has recorded, and records which sinks there are. Nothing is sent
   * before: another leader would not know since when.
   */
  private boolean prepare() {
    ApiResult<ConfigMap> read = map.read();
    if (read.failure().filter(_ -> !read.isNotFound()).isPresent()) {
      log("read", read);
      return false;
    }
    ConfigMap found = read.ok().orElse(new ConfigMap(null, Map.of()));
    ledger = Ledger.parse(found.data());
    version = found.metadata().resourceVersion();
    Set<String> names = deliveries.stream().map(Delivery::name).collect(Collectors.toSet());
    return !ledger.setSinks(names, clock.instant()) || write();
  }

  private void handle(Message message) {
    switch (message) {
      case Message.Due(Notice notice) -> {
        // Only its own process observes a session that is gone.
        if (notice.kind() == Notice.Kind.EXPIRED) {
          dirty |= ledger.keep(notice);
        }
        offer(notice);
      }
      case Message.Settled(String sink, Notice notice) -> {
        ledger.settle(notice, sink);
        dirty = true;
        deliveries.stream()
            .filter(delivery -> delivery.name().equals(sink))
            .forEach(delivery -> delivery.forget(notice));
      }
    }
  }

  private void offer(Notice notice) {
    for (Delivery delivery : deliveries) {
      if (ledger.isOpen(notice, delivery.name())) {
        delivery.offer(notice);
      }
    }
  }

  /** Nobody else derives them again, should there have been no room in a queue. */
  private void offerKept() {
    long now = System.nanoTime();
    if (now - nextKept >= 0) {
      nextKept = now + KEPT_INTERVAL.toNanos();
      ledger.kept().forEach(this::offer);
    }
  }

  /** Returns whether the ledger is recorded. */
  private boolean write() {
    if (!mayWrite.getAsBoolean()) {
      return false;
    }
    Instant now = clock.instant();
    ledger.prune(now);
    Map<String, String> data = ledger.data();
    ApiResult<ConfigMap> written = map.write(version, data);
    nextWrite = System.nanoTime() + WRITE_INTERVAL.toNanos();
    if (written instanceof ApiResult.Ok<ConfigMap>(ConfigMap stored)) {
      version = stored.metadata().resourceVersion();
      dirty = false;
      logged = "";
      return true;
    }
    if (written.isConflict() || written.isAlreadyExists() || written.isNotFound()) {
      merge();
    } else {
      log("write", written);
      nextWrite = System.nanoTime() + RETRY_INTERVAL.toNanos();
    }
    return false;
  }

  /** Another process has written: a former leader, or a person. */
  private void merge() {
    ApiResult<ConfigMap> read = map.read();
    if (read instanceof ApiResult.Ok<ConfigMap>(ConfigMap found)) {
      version = found.metadata().resourceVersion();
      ledger.merge(Ledger.parse(found.data()));
    } else if (read.isNotFound()) {
      version = "";
    }
  }

  private void log(String verb, ApiResult<?> result) {
    String error = result.failure().map(ApiFailure::message).orElse("");
    if (!error.equals(logged)) {
      logged = error;
      LOG.warn("cannot {} ConfigMap {}: {}", verb, NAME, error);
    }
  }

  /** Sends nothing more, and records what was sent. */
  public void close() throws InterruptedException {
    if (deliveries.isEmpty()) {
      return;
    }
    for (Delivery delivery : deliveries) {
      delivery.close(CLOSE_TIMEOUT);
    }
    closed = true;
    if (!thread.join(CLOSE_TIMEOUT)) {
      thread.interrupt();
    }
  }
}
