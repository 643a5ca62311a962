package io.vdi.operator.gate.keys;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class KeyRingTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration LIFE = Duration.ofHours(10);
  private static final KeyRing.Settings SETTINGS = new KeyRing.Settings(Duration.ofDays(30), LIFE);

  private final KeyRing first = KeyRing.first(KeyGeneration::random, START);

  @Test
  @DisplayName("over a year a key is published one token life before its use and kept one after it")
  void overlap() {
    KeyRing ring = first;
    Set<String> used = new HashSet<>();
    for (Instant now = START; now.isBefore(START.plus(Duration.ofDays(365))); ) {
      KeyRing next = ring.due(SETTINGS, KeyGeneration::random, now);
      KeyGeneration signing = next.current(now);
      assertThat(signing.usedFrom()).isBeforeOrEqualTo(now);
      if (!signing.equals(first.generations().getFirst())) {
        assertThat(signing.publishedAt()).isBeforeOrEqualTo(signing.usedFrom().minus(LIFE));
      }
      // A token that was signed one life ago with the key of that time is still valid.
      String former = ring.current(now.minus(LIFE).plusSeconds(1)).id();
      assertThat(next.find(former)).isPresent();
      used.add(signing.id());
      assertThat(next.generations()).hasSizeBetween(1, 2);
      ring = next;
      now = now.plus(Duration.ofHours(1));
    }
    assertThat(used).hasSize(13);
  }

  @Test
  @DisplayName("nothing is due before the first key is old")
  void nothingDue() {
    assertThat(first.due(SETTINGS, KeyGeneration::random, START.plus(Duration.ofDays(29))))
        .isEqualTo(first);
  }

  @Test
  @DisplayName("the published keys have no private part")
  void publicPart() {
    assertThat(first.publicKeys().toString()).contains("\"kid\"").doesNotContain("\"d\"");
    assertThat(first.toString()).doesNotContain(first.current(START).signing().getD().toString());
  }
}
