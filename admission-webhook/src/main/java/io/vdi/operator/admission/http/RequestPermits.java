package io.vdi.operator.admission.http;

import java.util.HashMap;
import java.util.Map;

/**
 * Limits the requests that are processed at the same time. One client address gets at most three
 * quarters of the permits, so that a flood from one pod cannot keep the API server out.
 */
final class RequestPermits {
  private final int total;
  private final int perAddress;
  private final Map<String, Integer> held = new HashMap<>();
  private int used;

  RequestPermits(int total) {
    this.total = total;
    this.perAddress = Math.max(1, total * 3 / 4);
  }

  /**
   * @param address of the client
   * @return whether the request can be processed; then {@link #release} must follow
   */
  synchronized boolean tryAcquire(String address) {
    if (used >= total || held.getOrDefault(address, 0) >= perAddress) {
      return false;
    }
    used++;
    held.merge(address, 1, Integer::sum);
    return true;
  }

  synchronized void release(String address) {
    used--;
    held.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
  }
}
