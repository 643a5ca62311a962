package io.vdi.operator.reaper;

import io.helidon.config.Config;
import io.vdi.operator.reaper.activity.ActivityMonitor;
import io.vdi.operator.reaper.execution.ReapConfig;
import io.vdi.operator.reaper.policy.RetentionConfig;
import io.vdi.operator.runtime.ServiceConfig;
import io.vdi.operator.runtime.config.ConfigReader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;
import java.time.Duration;

/** application.yaml as a value. */
record ReaperConfig(
    ReapConfig policy,
    ActivityMonitor.ActivityConfig activity,
    int desktopsAtOnce,
    Duration sweepInterval,
    int workers,
    LeaderElectionConfig election,
    String host,
    int port)
    implements ServiceConfig {
  static ReaperConfig from(Config config) throws InvalidConfigException {
    ConfigReader read = new ConfigReader(config);
    boolean dryRun = read.flag("dryRun");
    Duration sweep = read.duration("sweepInterval");
    ReaperConfig result =
        new ReaperConfig(
            new ReapConfig(
                rules(read),
                dryRun,
                read.flag("forceFinalize"),
                read.number("maxDeletionsPerMinute", 1, 1_000_000),
                new ReapConfig.MassDeletion(
                    read.number("massDeletionPercent", 1, 100),
                    read.number("massDeletionMinimum", 1, 1_000_000),
                    read.flag("confirmMassDeletion"),
                    sweep)),
            new ActivityMonitor.ActivityConfig(
                read.duration("activity.interval"),
                read.duration("activity.timeout"),
                read.duration("activity.statusInterval"),
                dryRun),
            read.number("activity.atOnce", 1, 1024),
            sweep,
            read.number("workers", 1, 1024),
            LeaderElectionConfig.read(read),
            read.text("server.host"),
            read.number("server.port", 0, 65535));
    read.throwIfInvalid();
    return result;
  }

  @Override
  public String namespace() {
    return election.namespace();
  }

  private static RetentionConfig rules(ConfigReader read) {
    return new RetentionConfig(
        read.duration("warningBefore"),
        read.durationOrZero("failedSessionTtl"),
        read.flag("deleteNeverStarted"),
        read.duration("terminatingTimeout"),
        read.duration("orphanGracePeriod"),
        read.durationOrZero("homeRetention"));
  }
}
