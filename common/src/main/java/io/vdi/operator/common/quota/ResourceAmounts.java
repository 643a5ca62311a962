package io.vdi.operator.common.quota;

/**
 * A number of sessions and of GPUs, and the size of homes: used, requested, or the limit.
 *
 * @param storage in bytes
 */
public record ResourceAmounts(long sessions, long gpus, long storage) {
  /** As a limit: no limit. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  public static final ResourceAmounts ZERO = new ResourceAmounts(0, 0, 0);

  public ResourceAmounts plus(ResourceAmounts other) {
    return new ResourceAmounts(
        sessions + other.sessions, gpus + other.gpus, sum(storage, other.storage));
  }

  public ResourceAmounts withStorage(long bytes) {
    return new ResourceAmounts(sessions, gpus, bytes);
  }

  public long of(QuotaViolation.QuotaResource resource) {
    return switch (resource) {
      case SESSIONS -> sessions;
      case GPUS -> gpus;
      case STORAGE -> storage;
    };
  }

  public boolean isZero() {
    return sessions == 0 && gpus == 0 && storage == 0;
  }

  /** The sum of two amounts, or the largest number: users can request any size. */
  static long sum(long a, long b) {
    return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
  }
}
