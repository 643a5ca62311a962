package io.vdi.operator.gate.audit;

import com.google.gson.JsonObject;
import io.vdi.operator.runtime.webhook.CloudEvent;
import io.vdi.operator.runtime.webhook.WebhookClient;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import okhttp3.HttpUrl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends events as CloudEvents 1.0 in the structured JSON format, one request each, in their order.
 * The sender waits in a thread of its own; an event that does not fit into the queue is dropped and
 * counted. A request that fails is repeated with back-off, so an event can arrive twice: its id
 * stays the same.
 */
public final class AuditWebhook implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AuditWebhook.class);
  private static final Duration FIRST_DELAY = Duration.ofMillis(500);
  private static final Duration MAX_DELAY = Duration.ofSeconds(60);

  /** How long the events in the queue can still be sent while the gate stops. */
  private static final Duration FLUSH = Duration.ofSeconds(2);

  /**
   * Where events are sent.
   *
   * @param tokenFile sent as bearer token, read for each request; empty: none
   * @param timeout for each request
   * @param queue how many events can wait
   */
  public record Settings(HttpUrl url, Optional<Path> tokenFile, Duration timeout, int queue) {}

  private record Event(String id, Instant time, Map<String, String> fields) {}

  private final Settings settings;
  private final String source;
  private final InstantSource clock;
  private final Runnable onDropped;
  private final BlockingQueue<Event> queue;
  private final WebhookClient http;
  private final Thread sender;
  private volatile boolean closing;
  private String logged = "";

  /**
   * @param source the {@code source} of the events: the public URL of the gate
   * @param onDropped called for each event that is not delivered
   */
  public AuditWebhook(Settings settings, String source, InstantSource clock, Runnable onDropped) {
    this.settings = settings;
    this.source = source;
    this.clock = clock;
    this.onDropped = onDropped;
    this.queue = new ArrayBlockingQueue<>(settings.queue());
    this.http =
        new WebhookClient(
            new WebhookClient.Settings(settings.tokenFile(), Optional.empty(), settings.timeout()));
    this.sender = Thread.ofVirtual().name("audit webhook").start(this::run);
  }

  /** Takes an event for sending. It does not wait. */
  void send(Map<String, String> fields) {
    if (!queue.offer(new Event(UUID.randomUUID().toString(), clock.instant(), fields))) {
      onDropped.run();
    }
  }

  private void run() {
    try {
      while (true) {
        deliver(queue.take());
      }
    } catch (InterruptedException e) {
      queue.forEach(event -> onDropped.run());
    }
  }

  private void deliver(Event event) throws InterruptedException {
    String text = cloudEvent(event).json().toString();
    Duration delay = FIRST_DELAY;
    while (true) {
      switch (http.post(settings.url(), CloudEvent.MEDIA_TYPE, text)) {
        case WebhookClient.Outcome.Delivered() -> {
          logged = "";
          return;
        }
        case WebhookClient.Outcome.Refused(String why) -> {
          log(why);
          onDropped.run();
          return;
        }
        case WebhookClient.Outcome.Failed(String why) -> {
          log(why);
          TimeUnit.NANOSECONDS.sleep(delay.toNanos());
          Duration doubled = delay.multipliedBy(2);
          delay = doubled.compareTo(MAX_DELAY) > 0 ? MAX_DELAY : doubled;
        }
      }
    }
  }

  private void log(String problem) {
    if (!closing && !problem.equals(logged)) {
      LOG.warn("gate.audit.webhook.url {}: {}", settings.url().redact(), problem);
      logged = problem;
    }
  }

  private CloudEvent cloudEvent(Event event) {
    JsonObject data = new JsonObject();
    event.fields().forEach(data::addProperty);
    return new CloudEvent(
        event.id(),
        source,
        "io.vdi.gate." + event.fields().get("event"),
        event.time(),
        Optional.ofNullable(event.fields().get("name"))
            .map(name -> event.fields().getOrDefault("namespace", "") + "/" + name),
        data);
  }

  /** Sends what is in the queue for a short time; then drops it. */
  @Override
  public void close() {
    closing = true;
    long end = System.nanoTime() + FLUSH.toNanos();
    try {
      while (!queue.isEmpty() && System.nanoTime() < end) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
      sender.interrupt();
      sender.join(settings.timeout().plusSeconds(1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    http.close();
  }
}
