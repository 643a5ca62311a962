package io.vdi.operator.common.kube;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.thread.FatalErrorHandler;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes Events on sessions. One thread writes them in the background, so that a burst of sessions
 * does not wait for its Events. When the queue is full, Events are dropped.
 */
public final class EventRecorder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);
  private static final int CAPACITY = 20_000;

  /** The limit of the API for the message of an Event. */
  private static final int MAX_MESSAGE = 1024;

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  /** Ends the writer when everything before it is written. */
  private static final JsonObject STOP = new JsonObject();

  private final KubeClient api;
  private final String component;
  private final InstantSource clock;
  private final BlockingQueue<JsonObject> queue;
  private final AtomicLong serial = new AtomicLong(System.nanoTime());
  private final Thread writer;
  private volatile boolean closed;

  /** Set before the writer is interrupted: its failed request is in the count of dropped Events. */
  private volatile boolean interrupted;

  private String lastError = "";

  /**
   * @param component the source of the Events, such as {@code vdi-controller}
   */
  public EventRecorder(KubeClient api, String component, InstantSource clock) {
    this(api, component, clock, CAPACITY, FatalErrorHandler.END_PROCESS);
  }

  /**
   * @param onFatalError called when the writer dies: no Event would be written any more
   */
  EventRecorder(
      KubeClient api,
      String component,
      InstantSource clock,
      int capacity,
      FatalErrorHandler onFatalError) {
    this.api = api;
    this.component = component;
    this.clock = clock;
    this.queue = new LinkedBlockingQueue<>(capacity);
    this.writer = onFatalError.thread("events").start(this::run);
  }

  /**
   * Adds an Event to the queue and returns.
   *
   * @param warning type {@code Warning} rather than {@code Normal}: someone should act on it
   */
  public void record(VdiSession session, boolean warning, String reason, String message) {
    String id = Long.toHexString(serial.incrementAndGet());
    if (closed || !queue.offer(event(session, id, warning, reason, message))) {
      LOG.debug("event dropped: {} {}", session.name(), reason);
    }
  }

  /**
   * Writes a warning and waits for the answer. It exists at most once per id, also when several
   * processes write it.
   *
   * @param id hex digits that identify the occurrence
   * @return since when the warning exists, in whole seconds. For one that another process wrote,
   *     this is its creation time: the API server sets it, so that no client can forge it
   */
  public ApiResult<Instant> warnOnce(VdiSession session, String id, String reason, String message) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    ApiResult<PartialObjectMetadata> created =
        api.create(
            ResourceType.EVENT, session.namespace(), event(session, id, true, reason, message));
    return created.isAlreadyExists()
        ? api.get(ResourceType.EVENT, session.namespace(), eventName(session, id))
            .map(event -> event.metadata().creationTimestamp())
            .map(since -> since.isAfter(now) ? now : since)
        : created.map(event -> now);
  }

  /**
   * Writes what is in the queue, for at most 2 seconds, and drops the Events that remain and the
   * one in progress.
   */
  @Override
  public void close() {
    closed = true;
    // When the queue is full, the writer is not waiting and finds that it is closed by itself.
    queue.offer(STOP);
    try {
      if (!writer.join(CLOSE_TIMEOUT)) {
        interrupted = true;
        long waiting = queue.stream().filter(event -> !event.equals(STOP)).count();
        LOG.warn("{} events dropped: the API server is too slow", waiting + 1);
        queue.clear();
        writer.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      for (JsonObject event = queue.take(); !event.equals(STOP); event = queue.take()) {
        tryToWrite(event);
        if (closed && queue.isEmpty()) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A bug that shows with one Event must not end the process: Events are optional. */
  private void tryToWrite(JsonObject event) {
    try {
      write(event);
    } catch (RuntimeException e) {
      LOG.error("an event was not written", e);
    }
  }

  private void write(JsonObject event) {
    String namespace = event.getAsJsonObject("metadata").get("namespace").getAsString();
    ApiResult<PartialObjectMetadata> result = api.create(ResourceType.EVENT, namespace, event);
    String error = result.failure().map(ApiFailure::message).orElse("");
    // Logged once while it stays the same: a missing permission must not fill the log. Not found
    // means that the namespace is deleted.
    if (!error.isEmpty() && !error.equals(lastError) && !result.isNotFound() && !interrupted) {
      LOG.warn("cannot write an event: {}", error);
      lastError = error;
    }
  }

  private static String eventName(VdiSession session, String id) {
    return session.name() + "." + id;
  }

  private JsonObject event(
      VdiSession session, String id, boolean warning, String reason, String message) {
    String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", eventName(session, id));
    metadata.addProperty("namespace", session.namespace());
    JsonObject involved = new JsonObject();
    involved.addProperty("apiVersion", ResourceType.SESSION.apiVersion());
    involved.addProperty("kind", ResourceType.SESSION.kind());
    involved.addProperty("namespace", session.namespace());
    involved.addProperty("name", session.name());
    involved.addProperty("uid", session.uid());
    JsonObject source = new JsonObject();
    source.addProperty("component", component);
    JsonObject event = new JsonObject();
    event.addProperty("apiVersion", "v1");
    event.addProperty("kind", ResourceType.EVENT.kind());
    event.add("metadata", metadata);
    event.add("involvedObject", involved);
    event.addProperty("type", warning ? "Warning" : "Normal");
    event.addProperty("reason", reason);
    event.addProperty(
        "message", message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) : message);
    event.addProperty("firstTimestamp", now);
    event.addProperty("lastTimestamp", now);
    event.addProperty("count", 1);
    event.add("source", source);
    event.addProperty("reportingComponent", VdiSession.GROUP + "/" + component);
    event.addProperty("reportingInstance", component);
    return event;
  }
}
