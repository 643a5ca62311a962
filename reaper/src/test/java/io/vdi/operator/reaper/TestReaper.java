package io.vdi.operator.reaper;

import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import java.time.Duration;

/** The reaper as integration tests start it. */
final class TestReaper {
  static final ServiceUnderTest REAPER =
      new ServiceUnderTest(OperatorService.REAPER, Reaper.SERVICE);

  /** How long a test waits for the reaper. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /** The content of a mounted file without orphan scans and without a limit for mass deletion. */
  static final String WITHOUT_SWEEPS = "sweepInterval: 1h\nconfirmMassDeletion: true\n";

  private TestReaper() {}

  /** Installs the CRDs and the reaper's permissions. */
  static void install(Cluster cluster) {
    ChartInstaller chart =
        new ChartInstaller(cluster, ServiceUnderTest.CHART, OperatorService.NAMESPACE);
    chart.installController();
    chart.installReaper();
  }
}
