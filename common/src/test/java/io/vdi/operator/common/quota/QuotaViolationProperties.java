package io.vdi.operator.common.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

class QuotaViolationProperties {
  @Property
  void aMessageIsReadBack(
      @ForAll QuotaScope scope,
      @ForAll QuotaResource resource,
      @ForAll @LongRange(min = 0, max = 1L << 50) long used,
      @ForAll @LongRange(min = 0, max = 1L << 50) long requested,
      @ForAll @LongRange(min = 0, max = 1L << 50) long limit) {
    QuotaViolation violation =
        new QuotaViolation(
            scope,
            scope == QuotaScope.CLUSTER ? "" : "alice@example.com",
            resource,
            used,
            requested,
            limit);
    assertThat(QuotaViolation.ofMessage(violation.message())).contains(violation);
  }

  @Example
  void anotherMessageIsNone() {
    String message = "GPU quota exceeded for user a@b.c: used 2, requested 1, limit 2";
    assertThat(QuotaViolation.ofMessage(message)).isPresent();
    for (String other :
        new String[] {
          "",
          message + "; number 3 in line",
          message.replace("GPU", "CPU"),
          message.replace("user", "group"),
          message.replace("used 2", "used two"),
          message.replace("used 2", "used 02")
        }) {
      assertThat(QuotaViolation.ofMessage(other)).as(other).isEmpty();
    }
  }
}
