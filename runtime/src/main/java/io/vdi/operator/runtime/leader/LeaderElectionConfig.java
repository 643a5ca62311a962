package io.vdi.operator.runtime.leader;

import io.vdi.operator.runtime.config.ConfigReader;
import io.vdi.operator.runtime.config.PodNamespace;

/**
 * The settings {@code leaderElection.*}.
 *
 * @param enabled whether a Lease is required; without one, only one replica may run
 * @param namespace of the Lease
 */
public record LeaderElectionConfig(
    boolean enabled, String namespace, String leaseName, LeaderElector.LeaseTiming timing) {

  /** For a service of which all replicas work. */
  public static final LeaderElectionConfig NONE =
      new LeaderElectionConfig(false, "", "", LeaderElector.LeaseTiming.STANDARD);

  /** Reads section {@code leaderElection}. The reader collects the problems. */
  public static LeaderElectionConfig read(ConfigReader read) {
    LeaderElector.LeaseTiming timing =
        new LeaderElector.LeaseTiming(
            read.duration("leaderElection.leaseDuration"),
            read.duration("leaderElection.renewDeadline"),
            read.duration("leaderElection.retryPeriod"));
    read.require(
        timing.renewDeadline().compareTo(timing.duration()) < 0
            && timing.retry().compareTo(timing.renewDeadline()) < 0,
        "leaderElection: retryPeriod must be below renewDeadline, and that below leaseDuration");
    String namespace = read.text("leaderElection.namespace");
    return new LeaderElectionConfig(
        read.flag("leaderElection.enabled"),
        namespace.isEmpty() ? PodNamespace.get() : namespace,
        read.text("leaderElection.leaseName", n -> !n.isEmpty(), "must not be empty"),
        timing);
  }
}
