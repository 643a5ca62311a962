package io.vdi.operator.runtime.leader;

import io.vdi.operator.runtime.config.ConfigReader;
import io.vdi.operator.runtime.config.PodNamespace;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.UUID;

/**
 * The settings {@code leaderElection.*}.
 *
 * @param enabled false: this process works without a Lease
 */
public record LeaderElectionConfig(
    boolean enabled, String namespace, String leaseName, LeaderElector.LeaseTiming timing) {

  /** For a service of which all replicas work. */
  public static final LeaderElectionConfig NONE =
      new LeaderElectionConfig(false, "", "", LeaderElector.LeaseTiming.STANDARD);

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

  /** A name for this process among candidates for a Lease: the host's, and what makes it unique. */
  public static String identity() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      host = "unknown";
    }
    return host + "_" + UUID.randomUUID();
  }
}
