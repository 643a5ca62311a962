package io.vdi.operator.gate.audit;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Writes one line for each event to the logger {@value #LOGGER}; docs/specification.md, section 8.
 * Refusals are limited by {@link RefusalLimit}.
 */
public final class AuditLog implements Audit {
  /** The logger, which {@code logging.levels} can switch off. */
  public static final String LOGGER = "vdi.audit";

  private static final Logger LOG = LoggerFactory.getLogger(LOGGER);

  private final InstantSource clock;
  private final Consumer<Map<String, String>> also;
  private final RefusalLimit limit = new RefusalLimit();

  public AuditLog(InstantSource clock) {
    this(clock, Optional.empty());
  }

  /**
   * @param webhook also receives what is logged
   */
  public AuditLog(InstantSource clock, Optional<AuditWebhook> webhook) {
    this.clock = clock;
    this.also = fields -> webhook.ifPresent(receiver -> receiver.send(fields));
  }

  @Override
  public void record(AuditEvent event) {
    switch (event) {
      case AuditEvent.SignInRefused refused -> limited(event, List.of());
      case AuditEvent.OpenRefused refused ->
          limited(event, List.of(refused.desktop().namespace(), refused.desktop().name()));
      case AuditEvent.SignedIn in -> write(event, 0);
      case AuditEvent.SignedOut out -> write(event, 0);
      case AuditEvent.Opened opened -> write(event, 0);
      case AuditEvent.Acted acted -> write(event, 0);
    }
  }

  private void limited(AuditEvent event, List<String> place) {
    String who = event.actor().user().isEmpty() ? event.actor().address() : event.actor().user();
    long suppressed = limit.admit(AuditFields.safe(who) + " " + place, clock.instant());
    if (suppressed >= 0) {
      write(event, suppressed);
    }
  }

  private void write(AuditEvent event, long suppressed) {
    LoggingEventBuilder line = LOG.atInfo();
    SequencedMap<String, String> fields = AuditFields.of(event);
    if (suppressed > 0) {
      fields.put("suppressed", String.valueOf(suppressed));
    }
    for (Map.Entry<String, String> field : fields.entrySet()) {
      line = line.addKeyValue(field.getKey(), field.getValue());
    }
    line.log("audit");
    also.accept(fields);
  }
}
