package io.vdi.operator.runtime;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time according to the API server, so that a node with a wrong clock ends no session too early
 * and reports no session as late. Before the first measurement it is the node's time. Between two
 * measurements it continues with elapsed time: a node's clock that is set forward or back has no
 * effect. Offsets of the node's clock up to {@link #TOLERANCE} count as zero.
 *
 * <p>{@link ServiceRuntime} measures at the start of the service and every 30 seconds.
 */
public final class ApiServerClock implements InstantSource {
  private static final Logger LOG = LoggerFactory.getLogger(ApiServerClock.class);

  /** The API server reports its time in whole seconds, so smaller offsets cannot be measured. */
  private static final Duration TOLERANCE = Duration.ofSeconds(2);

  private static final Duration HALF_SECOND = Duration.ofMillis(500);

  private final InstantSource nodeClock;
  private final LongSupplier elapsedNanos;
  private volatile Measurement last;

  /**
   * @param time the API server's time when {@code elapsedNanos} was {@code atNanos}
   * @param offset how far the API server's clock was ahead of the node's
   */
  private record Measurement(Instant time, long atNanos, Duration offset) {}

  /**
   * @param elapsedNanos as {@link System#nanoTime}
   */
  public ApiServerClock(InstantSource nodeClock, LongSupplier elapsedNanos) {
    this.nodeClock = nodeClock;
    this.elapsedNanos = elapsedNanos;
    this.last = new Measurement(nodeClock.instant(), elapsedNanos.getAsLong(), Duration.ZERO);
  }

  @Override
  public Instant instant() {
    Measurement measured = last;
    return measured.time().plusNanos(elapsedNanos.getAsLong() - measured.atNanos());
  }

  /**
   * How far the API server's clock was ahead of the node's at the last measurement; zero within the
   * tolerance.
   */
  public Duration offset() {
    return last.offset();
  }

  /** Measures again. If the API server does not answer, the time continues from the last answer. */
  public synchronized void measure(KubeClient api) {
    long before = elapsedNanos.getAsLong();
    ApiResult<Instant> result = api.serverTime();
    long after = elapsedNanos.getAsLong();
    if (result instanceof ApiResult.Ok<Instant>(Instant serverTime)) {
      Instant nodeTime = nodeClock.instant();
      // The API server took the time between the request and its answer, and truncated it to the
      // second: on average it is half a second too early.
      Instant now = serverTime.plus(HALF_SECOND).plusNanos((after - before) / 2);
      Duration measured = Duration.between(nodeTime, now);
      Duration offset = measured.abs().compareTo(TOLERANCE) <= 0 ? Duration.ZERO : measured;
      if (offset.minus(last.offset()).abs().compareTo(TOLERANCE) > 0) {
        LOG.warn(
            "the clock of this node is {} s {} the API server's; using the API server's time",
            offset.abs().toSeconds(),
            offset.isNegative() ? "ahead of" : "behind");
      }
      last = new Measurement(nodeTime.plus(offset), after, offset);
    }
  }
}
