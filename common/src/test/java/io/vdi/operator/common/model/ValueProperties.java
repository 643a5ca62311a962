package io.vdi.operator.common.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.StringLength;

/**
 * Durations, quantities, labels, hosts: legal for every input, and as the contract says for its
 * examples.
 */
class ValueProperties {
  @Property
  void everyDurationIsReadBackAsItself(@ForAll @LongRange(min = 1, max = 30_000_000) long seconds) {
    Duration duration = Duration.ofSeconds(seconds);
    assertEquals(Optional.of(duration), Durations.parse(Durations.format(duration)));
  }

  @Property
  void noTextCrashesTheParsers(@ForAll @StringLength(max = 80) String text) {
    Durations.parse(text);
    Quantities.parse(text);
    HostNames.preferred(text);
  }

  @Example
  void theContractsDurations() {
    assertEquals(Optional.of(Duration.ofHours(8)), Durations.parse("8h"));
    assertEquals(Optional.of(Duration.ofMinutes(90)), Durations.parse("90m"));
    assertEquals(Optional.of(Duration.ofMinutes(90)), Durations.parse("1h30m"));
    assertEquals(Optional.of(Duration.ofSeconds(45)), Durations.parse("45s"));
    for (String bad :
        new String[] {"", "8", "h", "-1h", "1d", "1.5h", "0s", "30m1h", " 8h", "8h ", null}) {
      assertEquals(Optional.empty(), Durations.parse(bad), bad);
    }
  }

  @Example
  void quantitiesAreAboveZero() {
    assertTrue(Quantities.parse("4Gi").isPresent());
    assertTrue(Quantities.parse("500m").isPresent());
    assertTrue(Quantities.parse("1e3").isPresent());
    for (String bad : new String[] {"", " ", "0", "-1", "4GiB", "four", "1".repeat(40), null}) {
      assertEquals(Optional.empty(), Quantities.parse(bad), bad);
    }
    assertTrue(Quantities.isLarger("1Gi", "1023Mi"));
    assertFalse(Quantities.isLarger("1Gi", "1024Mi"));
  }

  @Property
  void everyLabelIsLegal(@ForAll @StringLength(max = 254) String email) {
    String label = Labels.valueOf(email);
    assertTrue(label.matches("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"), label);
  }

  @Property
  void everyHostIsALegalDnsLabel(
      @ForAll @StringLength(max = 254) String email, @ForAll @StringLength(max = 63) String name) {
    for (String host :
        new String[] {HostNames.preferred(email), HostNames.distinct(email, "ns", name, 8)}) {
      assertTrue(host.matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"), host);
    }
  }

  @Example
  void theContractsHosts() {
    assertEquals("alice", HostNames.preferred("alice@example.com"));
    assertEquals("alice-smith-x", HostNames.preferred("Alice.Smith+X@example.com"));
    assertEquals("o-brien", HostNames.preferred("O'Brien@example.com"));
    assertEquals("j-rg", HostNames.preferred("jörg@example.com"));
    assertEquals("user", HostNames.preferred("+@example.com"));
    assertEquals("a".repeat(63), HostNames.preferred("a".repeat(100) + "@example.com"));
    assertTrue(HostNames.distinct("alice@example.com", "a", "b", 8).matches("alice-[0-9a-f]{8}"));
  }

  @Example
  void longEmailsThatDifferGetLabelsThatDiffer() {
    String prefix = "x".repeat(70);
    assertFalse(
        Labels.valueOf(prefix + "1@example.com").equals(Labels.valueOf(prefix + "2@example.com")));
    assertEquals("alice-example.com", Labels.valueOf("alice@example.com"));
  }
}
