package io.vdi.operator.common.lead;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.LeaderElection;
import io.vdi.operator.common.kube.Permissions.Need;
import io.vdi.operator.common.service.ConfigReader;
import io.vdi.operator.common.service.OwnNamespace;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The settings {@code leaderElection.*}.
 *
 * @param enabled false: this process is the only one, and works without a Lease
 */
public record Election(
    boolean enabled, String namespace, String leaseName, LeaderElection.Timing timing) {

  public static Election read(ConfigReader read) {
    LeaderElection.Timing timing =
        new LeaderElection.Timing(
            read.duration("leaderElection.leaseDuration"),
            read.duration("leaderElection.renewDeadline"),
            read.duration("leaderElection.retryPeriod"));
    read.require(
        timing.renewDeadline().compareTo(timing.duration()) < 0
            && timing.retry().compareTo(timing.renewDeadline()) < 0,
        "leaderElection: retryPeriod must be below renewDeadline, and that below leaseDuration");
    String namespace = read.text("leaderElection.namespace");
    return new Election(
        read.flag("leaderElection.enabled"),
        namespace.isEmpty() ? OwnNamespace.get() : namespace,
        read.text("leaderElection.leaseName", n -> !n.isEmpty(), "must not be empty"),
        timing);
  }

  /** The rights that it takes. */
  public List<Need> needs() {
    return enabled
        ? Stream.of("get", "create", "update")
            .map(verb -> new Need(verb, Kind.LEASE, "", namespace))
            .toList()
        : List.of();
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
