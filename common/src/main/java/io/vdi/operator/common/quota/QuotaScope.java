package io.vdi.operator.common.quota;

import java.util.Locale;

/** What a limit applies to. */
public enum QuotaScope {
  USER,
  NAMESPACE,
  TEMPLATE,
  CLUSTER;

  /** The name in the configuration, in messages and in metrics. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The name whose limit applies to the request; empty for the cluster. */
  public String nameOf(QuotaRequest request) {
    return switch (this) {
      case USER -> request.user();
      case NAMESPACE -> request.namespace();
      case TEMPLATE -> request.template();
      case CLUSTER -> "";
    };
  }
}
