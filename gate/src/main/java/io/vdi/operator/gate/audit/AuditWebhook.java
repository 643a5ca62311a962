package io.vdi.operator.gate.audit;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
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
  private static final MediaType CLOUD_EVENT =
      MediaType.get("application/cloudevents+json; charset=utf-8");
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
  private final OkHttpClient http;
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
        new OkHttpClient.Builder()
            .callTimeout(settings.timeout().toMillis(), TimeUnit.MILLISECONDS)
            .followRedirects(false)
            .followSslRedirects(false)
            .build();
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
    Duration delay = FIRST_DELAY;
    while (true) {
      switch (attempt(event)) {
        case DELIVERED -> {
          logged = "";
          return;
        }
        case REFUSED -> {
          onDropped.run();
          return;
        }
        case RETRY -> {
          TimeUnit.NANOSECONDS.sleep(delay.toNanos());
          Duration doubled = delay.multipliedBy(2);
          delay = doubled.compareTo(MAX_DELAY) > 0 ? MAX_DELAY : doubled;
        }
      }
    }
  }

  private enum Outcome {
    DELIVERED,
    REFUSED,
    RETRY
  }

  private Outcome attempt(Event event) {
    try {
      Request.Builder request =
          new Request.Builder()
              .url(settings.url())
              .post(RequestBody.create(json(event).toString(), CLOUD_EVENT));
      settings
          .tokenFile()
          .ifPresent(file -> request.header("Authorization", "Bearer " + token(file)));
      try (Response response = http.newCall(request.build()).execute()) {
        if (response.isSuccessful()) {
          return Outcome.DELIVERED;
        }
        log("status " + response.code());
        // What the receiver does not accept now it does not accept later either.
        boolean later =
            response.code() >= 500
                || response.code() == 408
                || response.code() == 429
                || response.code() == 401
                || response.code() == 403;
        return later ? Outcome.RETRY : Outcome.REFUSED;
      }
    } catch (IOException | UncheckedIOException e) {
      if (!closing) {
        log(e.toString());
      }
      return Outcome.RETRY;
    }
  }

  private static String token(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void log(String problem) {
    if (!problem.equals(logged)) {
      LOG.warn("gate.audit.webhook.url {}: {}", settings.url().redact(), problem);
      logged = problem;
    }
  }

  private JsonObject json(Event event) {
    JsonObject data = new JsonObject();
    event.fields().forEach(data::addProperty);
    JsonObject json = new JsonObject();
    json.addProperty("specversion", "1.0");
    json.addProperty("id", event.id());
    json.addProperty("source", source);
    json.addProperty("type", "io.vdi.gate." + event.fields().get("event"));
    json.addProperty("time", event.time().truncatedTo(ChronoUnit.MILLIS).toString());
    if (event.fields().containsKey("name")) {
      json.addProperty(
          "subject",
          event.fields().getOrDefault("namespace", "") + "/" + event.fields().get("name"));
    }
    json.addProperty("datacontenttype", "application/json");
    json.add("data", data);
    return json;
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
      http.dispatcher().cancelAll();
      sender.join(settings.timeout().plusSeconds(1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    http.connectionPool().evictAll();
    http.dispatcher().executorService().shutdown();
  }
}
