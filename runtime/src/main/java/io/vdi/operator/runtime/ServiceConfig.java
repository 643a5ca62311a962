package io.vdi.operator.runtime;

import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;

/** The settings that every service has. */
public interface ServiceConfig {
  /** {@code server.host}: the address of health and metrics. */
  String host();

  /** {@code server.port}: the port of health and metrics; 0 for any free port. */
  int port();

  /** {@code leaderElection.*}; {@link LeaderElectionConfig#NONE} where all replicas work. */
  LeaderElectionConfig election();

  /** {@code watchNamespaces}: whose sessions the service works for. */
  default WatchedNamespaces watchedNamespaces() {
    return WatchedNamespaces.ALL;
  }

  /** The operator's namespace; that of the Lease where the service has leader election. */
  default String namespace() {
    return election().namespace();
  }
}
