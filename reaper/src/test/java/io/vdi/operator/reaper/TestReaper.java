package io.vdi.operator.reaper;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import io.vdi.operator.runtime.ObserveServer;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.ReloadableConfig;
import java.time.Duration;
import java.time.InstantSource;

/** The reaper as integration tests start it. Only this class constructs one in this JVM. */
final class TestReaper {
  static final ServiceUnderTest REAPER =
      new ServiceUnderTest(OperatorService.REAPER, TestReaper::construct);

  /** How long a test waits for the reaper. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /** The content of a mounted file without orphan scans and without a limit for mass deletion. */
  static final String WITHOUT_SWEEPS = "sweepInterval: 1h\nconfirmMassDeletion: true\n";

  private TestReaper() {}

  /** Installs the CRDs and the reaper's permissions. */
  static void install(Cluster cluster) {
    cluster.install(
        ServiceUnderTest.CHART, ServiceUnderTest.NAMESPACE, OperatorService.CONTROLLER.account());
    cluster.installReaper(
        ServiceUnderTest.CHART, ServiceUnderTest.NAMESPACE, OperatorService.REAPER.account());
  }

  private static ServiceUnderTest.Service construct(
      KubeClient api, ConfigLoader config, InstantSource clock) throws InvalidConfigException {
    Reaper reaper =
        new Reaper(
            api,
            new ReloadableConfig<>(config, ReaperConfig::from),
            ObserveServer.meters(),
            "test",
            clock);
    return new ServiceUnderTest.Service() {
      @Override
      public void run() throws InterruptedException {
        reaper.run();
      }

      @Override
      public int port() {
        return reaper.port();
      }

      @Override
      public void close() {
        reaper.close();
      }
    };
  }
}
