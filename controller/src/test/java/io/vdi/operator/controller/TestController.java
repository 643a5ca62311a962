package io.vdi.operator.controller;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import io.vdi.operator.devcluster.testing.TestTemplates;

/** The controller as integration tests start it. */
final class TestController {
  static final ServiceUnderTest CONTROLLER =
      new ServiceUnderTest(OperatorService.CONTROLLER, Controller.SERVICE);

  private TestController() {}

  /** Installs the CRDs and the controller's permissions. */
  static void install(Cluster cluster) {
    new ChartInstaller(cluster, ServiceUnderTest.CHART, OperatorService.NAMESPACE)
        .installController();
  }

  /** The same with Traefik's CRDs and the templates of {@link TestTemplates}. */
  static void installWithTemplates(Cluster cluster, KubeClient api) {
    install(cluster);
    RouterAddon.installCrds(cluster);
    TestTemplates.create(api);
  }
}
