package io.vdi.operator.common.kube;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events on sessions. They are for people and may be lost: one thread writes them, after what
 * matters, so that a burst of sessions is never slowed down by its own commentary.
 */
public final class EventRecorder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);
  private static final int CAPACITY = 20_000;
  private static final int MAX_MESSAGE = 1024;

  private final KubeClient api;
  private final String component;
  private final InstantSource clock;
  private final BlockingQueue<JsonObject> queue = new LinkedBlockingQueue<>(CAPACITY);
  private final AtomicLong serial = new AtomicLong(System.nanoTime());
  private final Thread writer;
  private volatile boolean closed;

  /**
   * @param component who speaks: {@code vdi-controller}, {@code vdi-reaper}
   */
  public EventRecorder(KubeClient api, String component, InstantSource clock) {
    this.api = api;
    this.component = component;
    this.clock = clock;
    this.writer = Thread.ofVirtual().name("events").start(this::run);
  }

  /**
   * @param warning whether somebody should look at it
   */
  public void record(VdiSession session, boolean warning, String reason, String message) {
    String id = Long.toHexString(serial.incrementAndGet());
    if (!queue.offer(event(session, id, warning, reason, message))) {
      LOG.debug("too many events, one is left out: {} {}", session.name(), reason);
    }
  }

  /**
   * Writes a warning now, at most once for this id, whoever else writes it too.
   *
   * @param id hex digits that stand for what is told
   * @return why it could not be written, if so
   */
  public Optional<ApiFailure> warnOnce(
      VdiSession session, String id, String reason, String message) {
    ApiResult<PartialObjectMetadata> result =
        api.create(
            ResourceType.EVENT, session.namespace(), event(session, id, true, reason, message));
    return result.isAlreadyExists() ? Optional.empty() : result.failure();
  }

  /** Writes what is there, for a moment, and ends. */
  @Override
  public void close() {
    closed = true;
    writer.interrupt();
    try {
      writer.join(TimeUnit.SECONDS.toMillis(2));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    String trouble = "";
    while (!closed) {
      try {
        JsonObject event = queue.take();
        String namespace = event.getAsJsonObject("metadata").get("namespace").getAsString();
        ApiResult<PartialObjectMetadata> result = api.create(ResourceType.EVENT, namespace, event);
        String now = result.failure().map(f -> f.message()).orElse("");
        // Once for each kind of trouble: a missing permission must not fill the log.
        if (!now.isEmpty() && !now.equals(trouble) && !result.isNotFound()) {
          LOG.warn("cannot write an event: {}", now);
          trouble = now;
        }
      } catch (InterruptedException e) {
        if (!closed) {
          LOG.debug("interrupted", e);
        }
      }
    }
  }

  private JsonObject event(
      VdiSession session, String id, boolean warning, String reason, String message) {
    String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", session.name() + "." + id);
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
