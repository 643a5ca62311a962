package io.vdi.operator.common.quota;

import java.util.Locale;

/** What a limit applies to. */
public enum QuotaScope {
  USER,
  NAMESPACE,
  TEMPLATE,
  CLUSTER;

  /**
   * How much the scope covers: one user is narrower than a namespace or a template, and these are
   * narrower than the cluster. Namespace and template do not contain each other.
   */
  int width() {
    return switch (this) {
      case USER -> 0;
      case NAMESPACE, TEMPLATE -> 1;
      case CLUSTER -> 2;
    };
  }

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
