package io.vdi.operator.common.quota;

import java.util.Locale;

/** Over what a limit counts. */
public enum QuotaScope {
  USER,
  NAMESPACE,
  TEMPLATE,
  CLUSTER;

  /** As it stands in the configuration, in messages and in metrics. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whose limit it is that concerns this share; empty for the cluster, of which there is one. */
  public String nameOf(QuotaRequest share) {
    return switch (this) {
      case USER -> share.user();
      case NAMESPACE -> share.namespace();
      case TEMPLATE -> share.template();
      case CLUSTER -> "";
    };
  }
}
