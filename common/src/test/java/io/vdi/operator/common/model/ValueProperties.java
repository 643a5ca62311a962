package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.time.Duration;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.StringLength;

/** Durations, quantities, labels and hosts: legal for every input, exact for some examples. */
class ValueProperties {
  @Property
  void aFormattedDurationIsParsedAsTheSame(
      @ForAll @LongRange(min = 1, max = 30_000_000) long seconds) {
    Duration duration = Duration.ofSeconds(seconds);
    assertThat(Durations.parse(Durations.format(duration))).contains(duration);
  }

  @Property
  void noTextCrashesAParser(@ForAll @StringLength(max = 80) String text) {
    assertThatCode(
            () -> {
              Durations.parse(text);
              Quantities.parse(text);
              HostNames.preferred(text);
            })
        .doesNotThrowAnyException();
  }

  @Example
  void durations() {
    assertThat(Durations.parse("8h")).contains(Duration.ofHours(8));
    assertThat(Durations.parse("90m")).contains(Duration.ofMinutes(90));
    assertThat(Durations.parse("1h30m")).contains(Duration.ofMinutes(90));
    assertThat(Durations.parse("45s")).contains(Duration.ofSeconds(45));
    assertThat(Durations.format(Duration.ZERO)).isEqualTo("0s");
    assertThat(Durations.format(Duration.ofSeconds(5405))).isEqualTo("1h30m5s");
    for (String bad :
        new String[] {"", "8", "h", "-1h", "1d", "1.5h", "0s", "30m1h", " 8h", "8h ", null}) {
      assertThat(Durations.parse(bad)).as(bad).isEmpty();
    }
  }

  @Example
  void quantities() {
    for (String good : new String[] {"4Gi", "500m", "1e3"}) {
      assertThat(Quantities.parse(good)).as(good).isPresent();
    }
    for (String bad : new String[] {"", " ", "0", "-1", "4GiB", "four", "1".repeat(40), null}) {
      assertThat(Quantities.parse(bad)).as(bad).isEmpty();
    }
    assertThat(Quantities.isLarger("1Gi", "1023Mi")).isTrue();
    assertThat(Quantities.isLarger("1Gi", "1024Mi")).isFalse();
    assertThat(Quantities.isLarger("1Gi", "none")).isFalse();
  }

  @Property
  void everyLabelIsLegal(@ForAll @StringLength(max = 254) String email) {
    assertThat(Labels.valueOf(email)).matches("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");
  }

  @Property
  void everyHostIsALegalDnsLabel(
      @ForAll @StringLength(max = 254) String email, @ForAll @StringLength(max = 63) String name) {
    String legal = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
    assertThat(HostNames.preferred(email)).matches(legal);
    assertThat(HostNames.distinct(email, "ns", name, 8)).matches(legal);
  }

  @Example
  void longEmailsThatDifferHaveDifferentLabels() {
    String prefix = "x".repeat(70);
    assertThat(Labels.valueOf(prefix + "1@example.com"))
        .isNotEqualTo(Labels.valueOf(prefix + "2@example.com"));
  }
}
