package io.vdi.operator.runtime.webhook;

import com.google.gson.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * A CloudEvent 1.0.
 *
 * @param id the same for each attempt to send the event, so that a receiver finds repetitions
 * @param source who sends it: a URI reference
 * @param type such as {@code io.vdi.gate.Opened}
 * @param subject the {@code namespace/name} of a session; empty if the event has none
 */
public record CloudEvent(
    String id,
    String source,
    String type,
    Instant time,
    Optional<String> subject,
    JsonObject data) {
  /** The media type of {@link #json}. */
  public static final String MEDIA_TYPE = "application/cloudevents+json; charset=utf-8";

  /** The event in the structured JSON format. */
  public JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("specversion", "1.0");
    json.addProperty("id", id);
    json.addProperty("source", source);
    json.addProperty("type", type);
    json.addProperty("time", time.truncatedTo(ChronoUnit.MILLIS).toString());
    subject.ifPresent(text -> json.addProperty("subject", text));
    json.addProperty("datacontenttype", "application/json");
    json.add("data", data);
    return json;
  }
}
