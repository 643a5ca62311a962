package io.vdi.operator.gate.audit;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.vdi.operator.common.model.SessionKey;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class AuditLogTest {
  private static final AuditEvent.Target DESKTOP =
      AuditEvent.Target.session(new SessionKey("desks", "alice"), "uid-1", "base");
  private static final AuditEvent.Actor BOB =
      new AuditEvent.Actor("bob@example.com", "192.0.2.7", "s1");

  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger(AuditLog.LOGGER);
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final AuditLog log = new AuditLog(() -> now);

  @BeforeEach
  void capture() {
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(lines);
  }

  @Test
  void anEventHasNamedFieldsAndNoEmptyOnes() {
    log.record(new AuditEvent.Opened(BOB, DESKTOP, "OWNER"));
    log.record(new AuditEvent.SignInRefused(AuditEvent.Actor.unknown("192.0.2.8"), "no code"));
    assertThat(fields(0))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "event", "Opened",
                "user", "bob@example.com",
                "address", "192.0.2.7",
                "signIn", "s1",
                "kind", "VDISession",
                "namespace", "desks",
                "name", "alice",
                "uid", "uid-1",
                "template", "base",
                "role", "OWNER"));
    assertThat(fields(1))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("event", "SignInRefused", "address", "192.0.2.8", "reason", "no code"));
  }

  @Test
  void hostileValuesAreBoundedAndCannotControlATerminal() {
    String hostile = "a\u001b[2J\r\n{\"event\":\"SignedIn\"}\u202e" + "x".repeat(100_000);
    log.record(new AuditEvent.SignInRefused(AuditEvent.Actor.unknown(hostile), hostile));
    String reason = fields(0).get("reason");
    assertThat(reason).hasSize(AuditFields.MAX_LENGTH).endsWith("…").startsWith("a\uFFFD[2J");
    assertThat(reason.chars().noneMatch(Character::isISOControl)).isTrue();
    assertThat(reason).doesNotContain("\u202e");
  }

  @Test
  void aFloodOfRefusalsIsCountedInsteadOfRecorded() {
    for (int i = 0; i < 500; i++) {
      log.record(new AuditEvent.OpenRefused(BOB, DESKTOP, "not the owner"));
    }
    assertThat(lines.list).hasSize(RefusalLimit.PER_KEY);
    log.record(new AuditEvent.Opened(BOB, DESKTOP, "OWNER"));
    assertThat(lines.list).hasSize(RefusalLimit.PER_KEY + 1);
    now = now.plus(RefusalLimit.WINDOW);
    log.record(new AuditEvent.OpenRefused(BOB, DESKTOP, "not the owner"));
    assertThat(fields(RefusalLimit.PER_KEY + 1)).containsEntry("suppressed", "490");
  }

  @Test
  void refusalsOfManyClientsAreLimitedTogether() {
    for (int i = 0; i < 5000; i++) {
      log.record(new AuditEvent.SignInRefused(AuditEvent.Actor.unknown("192.0.2." + i), "x"));
    }
    assertThat(lines.list).hasSize(RefusalLimit.TOTAL);
  }

  private Map<String, String> fields(int line) {
    List<org.slf4j.event.KeyValuePair> pairs = lines.list.get(line).getKeyValuePairs();
    return pairs.stream()
        .collect(Collectors.toMap(pair -> pair.key, pair -> String.valueOf(pair.value)));
  }
}
