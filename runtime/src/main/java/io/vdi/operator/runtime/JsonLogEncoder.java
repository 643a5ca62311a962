package io.vdi.operator.runtime;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;
import org.slf4j.event.KeyValuePair;

/**
 * Writes one JSON object per line with the fields {@code time} (RFC 3339, UTC, milliseconds),
 * {@code level}, {@code msg} and {@code logger}; then {@code session} and {@code reconcile} when
 * the MDC has them, the key-value pairs of the event, and {@code error} (the stack trace) for an
 * exception. Logback's own JsonEncoder has fixed field names.
 */
final class JsonLogEncoder extends EncoderBase<ILoggingEvent> {
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  /** The keys of the MDC that become fields. */
  private static final List<String> MDC_FIELDS = List.of("session", "reconcile");

  @Override
  public byte[] encode(ILoggingEvent event) {
    StringWriter line = new StringWriter();
    try (JsonWriter json = new JsonWriter(line)) {
      json.beginObject();
      json.name("time").value(TIME.format(event.getInstant()));
      json.name("level").value(event.getLevel().toString());
      json.name("msg").value(event.getFormattedMessage());
      json.name("logger").value(event.getLoggerName());
      for (String field : MDC_FIELDS) {
        String value = event.getMDCPropertyMap().get(field);
        if (value != null) {
          json.name(field).value(value);
        }
      }
      for (KeyValuePair pair : pairs(event)) {
        json.name(pair.key).value(String.valueOf(pair.value));
      }
      if (event.getThrowableProxy() != null) {
        json.name("error")
            .value(ThrowableProxyUtil.asString(event.getThrowableProxy()).stripTrailing());
      }
      json.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a StringWriter does not fail", e);
    }
    return line.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }

  private static List<KeyValuePair> pairs(ILoggingEvent event) {
    return event.getKeyValuePairs() == null ? List.of() : event.getKeyValuePairs();
  }

  @Override
  public byte[] headerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] footerBytes() {
    return new byte[0];
  }
}
