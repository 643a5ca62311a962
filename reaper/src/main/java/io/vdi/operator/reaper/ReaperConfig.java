package io.vdi.operator.reaper;

import io.helidon.config.Config;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.reaper.activity.ActivityConfig;
import io.vdi.operator.reaper.activity.LoadConfig;
import io.vdi.operator.reaper.execution.DeletionConfig;
import io.vdi.operator.reaper.execution.DeletionConfig.MassDeletionConfig;
import io.vdi.operator.reaper.notice.NoticeConfig;
import io.vdi.operator.reaper.policy.RetentionConfig;
import io.vdi.operator.reaper.policy.ScheduleConfig;
import io.vdi.operator.runtime.ServiceConfig;
import io.vdi.operator.runtime.config.ConfigReader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.PodNamespace;
import io.vdi.operator.runtime.config.WatchedNamespacesConfig;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** All settings of the reaper; docs/configuration.md explains each. */
record ReaperConfig(
    RetentionConfig retention,
    DeletionConfig deletion,
    ActivityConfig activity,
    LoadConfig load,
    NoticeConfig notices,
    Duration sweepInterval,
    int workers,
    WatchedNamespaces watchedNamespaces,
    LeaderElectionConfig election,
    String host,
    int port)
    implements ServiceConfig {
  /** Former names of settings that are still accepted, and their present names. */
  static final Map<String, String> RENAMED_KEYS =
      Map.of("activity.atOnce", "activity.maxConcurrentRequests");

  static ReaperConfig from(Config config) throws InvalidConfigException {
    ConfigReader read = new ConfigReader(config);
    boolean dryRun = read.flag("dryRun");
    Duration sweepInterval = read.duration("sweepInterval");
    ReaperConfig result =
        new ReaperConfig(
            retention(read),
            deletion(read, dryRun, sweepInterval),
            activity(read, dryRun),
            load(read),
            NoticeConfig.read(read),
            sweepInterval,
            read.number("workers", 1, 1024),
            WatchedNamespacesConfig.read(read),
            LeaderElectionConfig.read(read),
            read.text("server.host"),
            read.number("server.port", 0, 65535));
    read.throwIfInvalid();
    return result;
  }

  private static RetentionConfig retention(ConfigReader read) {
    return new RetentionConfig(
        read.duration("warningBefore"),
        read.durationOrZero("failedSessionTtl"),
        read.flag("deleteNeverStarted"),
        read.duration("terminatingTimeout"),
        read.duration("orphanGracePeriod"),
        read.durationOrZero("homeRetention"),
        new ScheduleConfig(
            read.durationOrZero("schedule.startSpread"),
            read.duration("schedule.startingDeadline")));
  }

  private static DeletionConfig deletion(
      ConfigReader read, boolean dryRun, Duration sweepInterval) {
    return new DeletionConfig(
        dryRun,
        read.flag("forceFinalize"),
        read.number("maxDeletionsPerMinute", 1, 1_000_000),
        new MassDeletionConfig(
            read.number("massDeletionPercent", 1, 100),
            read.number("massDeletionMinimum", 1, 1_000_000),
            read.flag("confirmMassDeletion"),
            sweepInterval));
  }

  private static ActivityConfig activity(ConfigReader read, boolean dryRun) {
    return new ActivityConfig(
        read.duration("activity.interval"),
        read.duration("activity.timeout"),
        read.duration("activity.statusInterval"),
        read.number("activity.maxConcurrentRequests", 1, 1024),
        dryRun);
  }

  private static LoadConfig load(ConfigReader read) {
    String selector = read.text("busy.gpu.selector");
    String namespace = read.text("busy.gpu.namespace");
    read.require(
        selector.isEmpty() || !namespace.isEmpty(),
        "busy.gpu.namespace must be the namespace of the pods of busy.gpu.selector");
    return new LoadConfig(
        read.flag("busy.enabled"),
        read.duration("busy.interval"),
        read.duration("activity.timeout"),
        read.number("activity.maxConcurrentRequests", 1, 1024),
        new LoadConfig.KubeletConfig(
            PodNamespace.get(),
            read.text(
                "busy.kubelet.serviceAccount",
                text -> text.matches("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"),
                "must be the name of a service account"),
            Path.of(read.text("busy.kubelet.caFile")),
            read.flag("busy.kubelet.insecureSkipTLSVerify")),
        new LoadConfig.GpuConfig(namespace, selector, read.number("busy.gpu.port", 1, 65535)));
  }
}
