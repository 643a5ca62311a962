package io.vdi.operator.admission.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RequestPermitsTest {
  private final RequestPermits permits = new RequestPermits(8);

  @Test
  void oneAddressLeavesAQuarterToOthers() {
    assertThat(acquire("flood", 8)).isEqualTo(6);
    assertThat(acquire("api-server", 8)).isEqualTo(2);
    assertThat(permits.tryAcquire("another")).isFalse();
  }

  @Test
  void aReleasedPermitCanBeAcquiredAgain() {
    acquire("flood", 6);
    permits.release("flood");
    assertThat(acquire("flood", 8)).isEqualTo(1);
    for (int i = 0; i < 6; i++) {
      permits.release("flood");
    }
    assertThat(acquire("api-server", 8)).isEqualTo(6);
  }

  @Test
  void aSinglePermitCanBeAcquired() {
    RequestPermits one = new RequestPermits(1);
    assertThat(one.tryAcquire("api-server")).isTrue();
    assertThat(one.tryAcquire("api-server")).isFalse();
  }

  private int acquire(String address, int requests) {
    int acquired = 0;
    for (int i = 0; i < requests; i++) {
      acquired += permits.tryAcquire(address) ? 1 : 0;
    }
    return acquired;
  }
}
