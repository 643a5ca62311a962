package io.vdi.operator.reaper;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time according to the API server, so that a node with a wrong clock does not end sessions too
 * early. Between two measurements it adds the measured offset to the node's clock. Offsets up to
 * {@link #TOLERANCE} count as zero.
 */
final class ApiServerClock implements InstantSource {
  private static final Logger LOG = LoggerFactory.getLogger(ApiServerClock.class);

  /** The API server reports its time in whole seconds, so smaller offsets cannot be measured. */
  private static final Duration TOLERANCE = Duration.ofSeconds(2);

  private static final Duration HALF_SECOND = Duration.ofMillis(500);

  private final InstantSource nodeClock;
  private volatile Duration offset = Duration.ZERO;

  ApiServerClock(InstantSource nodeClock) {
    this.nodeClock = nodeClock;
  }

  @Override
  public Instant instant() {
    return nodeClock.instant().plus(offset);
  }

  /** How far the API server's clock is ahead of the node's; zero within the tolerance. */
  Duration offset() {
    return offset;
  }

  /** Measures the offset again. If the API server does not answer, the previous offset stays. */
  void measure(KubeClient api) {
    Instant before = nodeClock.instant();
    ApiResult<Instant> result = api.serverTime();
    Instant after = nodeClock.instant();
    if (result instanceof ApiResult.Ok<Instant>(Instant serverTime)) {
      // The reported time is truncated to the second: on average it is half a second too early.
      Instant middle = before.plus(Duration.between(before, after).dividedBy(2));
      Duration measured = Duration.between(middle, serverTime.plus(HALF_SECOND));
      Duration now = measured.abs().compareTo(TOLERANCE) <= 0 ? Duration.ZERO : measured;
      if (now.minus(offset).abs().compareTo(TOLERANCE) > 0) {
        LOG.warn(
            "the clock of this node is {} s {} the API server's; using the API server's time",
            now.abs().toSeconds(),
            now.isNegative() ? "ahead of" : "behind");
      }
      offset = now;
    }
  }
}
