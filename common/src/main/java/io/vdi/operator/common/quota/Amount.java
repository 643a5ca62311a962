package io.vdi.operator.common.quota;

/** So many sessions, and so many GPUs: used, asked for, or at most allowed. */
public record Amount(long sessions, long gpus) {
  /** As a limit: none. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  public static final Amount NOTHING = new Amount(0, 0);

  public Amount plus(Amount other) {
    return new Amount(sessions + other.sessions, gpus + other.gpus);
  }

  public long of(Excess.Resource resource) {
    return switch (resource) {
      case SESSIONS -> sessions;
      case GPUS -> gpus;
    };
  }

  public boolean isNothing() {
    return sessions == 0 && gpus == 0;
  }
}
