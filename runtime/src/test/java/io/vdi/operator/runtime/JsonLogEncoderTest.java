package io.vdi.operator.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

class JsonLogEncoderTest {
  private static final Instant TIME = Instant.parse("2026-01-01T12:00:00.000987Z");

  private final Logger logger = (Logger) LoggerFactory.getLogger("io.vdi.operator.Example");
  private final JsonLogEncoder encoder = new JsonLogEncoder();

  @Test
  @DisplayName("a line has time, level, msg and logger, in this order, and nothing else")
  void plainLine() {
    String line = encode(event(Level.INFO, "{} sessions", null, 3));
    assertThat(line)
        .isEqualTo(
            "{\"time\":\"2026-01-01T12:00:00.000Z\",\"level\":\"INFO\",\"msg\":\"3 sessions\","
                + "\"logger\":\"io.vdi.operator.Example\"}\n");
  }

  @Test
  @DisplayName("session and reconcile are taken from the MDC, other keys are not")
  void mdc() {
    LoggingEvent event = event(Level.WARN, "text", null);
    event.setMDCPropertyMap(
        Map.of("session", "team/alice", "reconcile", "4k", "thread", "worker-1"));
    JsonObject line = JsonParser.parseString(encode(event)).getAsJsonObject();
    assertThat(line.keySet())
        .containsExactly("time", "level", "msg", "logger", "session", "reconcile");
    assertThat(line.get("session").getAsString()).isEqualTo("team/alice");
    assertThat(line.get("reconcile").getAsString()).isEqualTo("4k");
    assertThat(line.get("level").getAsString()).isEqualTo("WARN");
  }

  @Test
  @DisplayName("the key-value pairs of an event become fields")
  void keyValuePairs() {
    LoggingEvent event = event(Level.INFO, "audit", null);
    event.addKeyValuePair(new KeyValuePair("user", "a\"b\n@example.com"));
    event.addKeyValuePair(new KeyValuePair("suppressed", 3));
    String line = encode(event);
    assertThat(line.strip()).doesNotContain("\n");
    JsonObject json = JsonParser.parseString(line).getAsJsonObject();
    assertThat(json.keySet())
        .containsExactly("time", "level", "msg", "logger", "user", "suppressed");
    assertThat(json.get("user").getAsString()).isEqualTo("a\"b\n@example.com");
  }

  @Test
  @DisplayName("an exception becomes one string with its stack trace and its cause")
  void exception() {
    Exception e = new IllegalStateException("broken", new java.io.IOException("disk full"));
    String line = encode(event(Level.ERROR, "failed", e));
    JsonObject json = JsonParser.parseString(line).getAsJsonObject();
    assertThat(json.keySet()).containsExactly("time", "level", "msg", "logger", "error");
    assertThat(json.get("error").getAsString())
        .startsWith("java.lang.IllegalStateException: broken")
        .contains("Caused by: java.io.IOException: disk full")
        .contains("at " + JsonLogEncoderTest.class.getName() + ".exception(")
        .doesNotEndWith("\n");
    assertThat(line.strip()).doesNotContain("\n");
  }

  @Test
  @DisplayName("line breaks, quotes and characters outside ASCII stay in one valid line")
  void specialCharacters() {
    String message = "a \"quoted\"\nsecond line\t<b>& jörg \u2028 \ud83d\udc27";
    String line = encode(event(Level.INFO, message, null));
    assertThat(line.strip()).doesNotContain("\n");
    assertThat(JsonParser.parseString(line).getAsJsonObject().get("msg").getAsString())
        .isEqualTo(message);
  }

  private LoggingEvent event(Level level, String message, Exception e, Object... arguments) {
    LoggingEvent event =
        new LoggingEvent(JsonLogEncoderTest.class.getName(), logger, level, message, e, arguments);
    event.setInstant(TIME);
    return event;
  }

  private String encode(LoggingEvent event) {
    return new String(encoder.encode(event), StandardCharsets.UTF_8);
  }
}
