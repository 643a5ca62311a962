package io.vdi.operator.reaper;

import io.helidon.config.Config;
import io.vdi.operator.common.lead.Election;
import io.vdi.operator.common.service.BadConfig;
import io.vdi.operator.common.service.ConfigReader;
import io.vdi.operator.reaper.activity.ActivityWatch;
import io.vdi.operator.reaper.judge.Rules;
import io.vdi.operator.reaper.reap.Policy;
import java.time.Duration;

/** application.yaml as a value. */
record ReaperConfig(
    Policy policy,
    ActivityWatch.Settings activity,
    int desktopsAtOnce,
    Duration sweepInterval,
    int workers,
    Election election,
    String host,
    int port) {
  static ReaperConfig from(Config config) throws BadConfig {
    ConfigReader read = new ConfigReader(config);
    boolean dryRun = read.flag("dryRun");
    Duration sweep = read.duration("sweepInterval");
    ReaperConfig result =
        new ReaperConfig(
            new Policy(
                rules(read),
                dryRun,
                read.flag("forceFinalize"),
                read.number("maxDeletionsPerMinute", 1, 1_000_000),
                new Policy.MassDeletion(
                    read.number("massDeletionPercent", 1, 100),
                    read.number("massDeletionMinimum", 1, 1_000_000),
                    read.flag("confirmMassDeletion"),
                    sweep)),
            new ActivityWatch.Settings(
                read.duration("activity.interval"),
                read.duration("activity.timeout"),
                read.duration("activity.statusInterval"),
                dryRun),
            read.number("activity.atOnce", 1, 1024),
            sweep,
            read.number("workers", 1, 1024),
            Election.read(read),
            read.text("server.host"),
            read.number("server.port", 0, 65535));
    read.finish();
    return result;
  }

  private static Rules rules(ConfigReader read) {
    return new Rules(
        read.duration("warningBefore"),
        read.durationOrZero("failedSessionTtl"),
        read.flag("deleteNeverStarted"),
        read.duration("terminatingTimeout"),
        read.duration("orphanGracePeriod"),
        read.durationOrZero("homeRetention"));
  }
}
