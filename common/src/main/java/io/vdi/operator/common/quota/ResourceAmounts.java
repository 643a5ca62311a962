package io.vdi.operator.common.quota;

/** A number of sessions and of GPUs: used, requested, or the limit. */
public record ResourceAmounts(long sessions, long gpus) {
  /** As a limit: no limit. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  public static final ResourceAmounts ZERO = new ResourceAmounts(0, 0);

  public ResourceAmounts plus(ResourceAmounts other) {
    return new ResourceAmounts(sessions + other.sessions, gpus + other.gpus);
  }

  public long of(QuotaViolation.QuotaResource resource) {
    return switch (resource) {
      case SESSIONS -> sessions;
      case GPUS -> gpus;
    };
  }

  public boolean isZero() {
    return sessions == 0 && gpus == 0;
  }
}
