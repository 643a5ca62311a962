package io.vdi.operator.gate.http;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How many requests and streams one user can have. Each write becomes a call to the API server, so
 * one user's script must not use up the gate's share of it.
 */
public final class RequestLimit {
  /** Users are forgotten above this number; an attacker needs as many accounts. */
  private static final int MAX_USERS = 50_000;

  private final int perSecond;
  private final int burst;
  private final int streams;
  private final LongSupplier nanoTime;
  private final Map<String, Bucket> buckets = new HashMap<>();
  private final Map<String, Integer> open = new HashMap<>();

  private static final class Bucket {
    private double tokens;
    private long at;
  }

  /**
   * @param perSecond requests of one user in the long run
   * @param burst requests of one user at once
   * @param streams open streams of one user
   */
  public RequestLimit(int perSecond, int burst, int streams, LongSupplier nanoTime) {
    this.perSecond = perSecond;
    this.burst = burst;
    this.streams = streams;
    this.nanoTime = nanoTime;
  }

  public synchronized boolean admit(String user) {
    if (buckets.size() >= MAX_USERS) {
      buckets.clear();
    }
    long now = nanoTime.getAsLong();
    Bucket bucket =
        buckets.computeIfAbsent(
            user,
            any -> {
              Bucket full = new Bucket();
              full.tokens = burst;
              full.at = now;
              return full;
            });
    double earned = (now - bucket.at) / (double) Duration.ofSeconds(1).toNanos() * perSecond;
    bucket.tokens = Math.min(burst, bucket.tokens + earned);
    bucket.at = now;
    if (bucket.tokens < 1) {
      return false;
    }
    bucket.tokens--;
    return true;
  }

  public synchronized boolean openStream(String user) {
    if (open.getOrDefault(user, 0) >= streams) {
      return false;
    }
    open.merge(user, 1, Integer::sum);
    return true;
  }

  public synchronized void closeStream(String user) {
    open.computeIfPresent(user, (any, count) -> count == 1 ? null : count - 1);
  }
}
