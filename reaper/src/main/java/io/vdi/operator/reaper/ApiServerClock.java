package io.vdi.operator.reaper;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time by the API server's clock: a node whose own is wrong would end sessions too early. Kept
 * by our own clock between two looks, and by it alone while they agree to {@link #TOLERANCE}.
 */
final class ApiServerClock implements InstantSource {
  private static final Logger LOG = LoggerFactory.getLogger(ApiServerClock.class);

  /** The API server tells the time to the second. */
  private static final Duration TOLERANCE = Duration.ofSeconds(2);

  private static final Duration HALF = Duration.ofMillis(500);

  private final InstantSource own;
  private volatile Duration offset = Duration.ZERO;

  ApiServerClock(InstantSource own) {
    this.own = own;
  }

  @Override
  public Instant instant() {
    return own.instant().plus(offset);
  }

  /** How far the API server's clock is ahead of our own; zero where they agree. */
  Duration offset() {
    return offset;
  }

  /** Asks the API server for its time; where it does not answer, what is known stays. */
  void measure(KubeClient api) {
    Instant before = own.instant();
    ApiResult<Instant> answer = api.serverTime();
    Instant after = own.instant();
    if (answer instanceof ApiResult.Ok<Instant>(Instant server)) {
      // What it tells is cut off to the second: on average half a second has passed since.
      Instant middle = before.plus(Duration.between(before, after).dividedBy(2));
      Duration measured = Duration.between(middle, server.plus(HALF));
      Duration now = measured.abs().compareTo(TOLERANCE) <= 0 ? Duration.ZERO : measured;
      if (now.minus(offset).abs().compareTo(TOLERANCE) > 0) {
        LOG.warn(
            "this node's clock is {} s {} the API server's; the API server's counts",
            now.abs().toSeconds(),
            now.isNegative() ? "ahead of" : "behind");
      }
      offset = now;
    }
  }
}
