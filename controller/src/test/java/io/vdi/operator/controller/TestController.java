package io.vdi.operator.controller;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import io.vdi.operator.devcluster.testing.TestTemplates;
import io.vdi.operator.runtime.ObserveServer;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.ReloadableConfig;
import java.security.SecureRandom;
import java.time.InstantSource;

/** The controller as integration tests start it. Only this class constructs one in this JVM. */
final class TestController {
  static final ServiceUnderTest CONTROLLER =
      new ServiceUnderTest(OperatorService.CONTROLLER, TestController::construct);

  private TestController() {}

  /** Installs the CRDs and the controller's permissions. */
  static void install(Cluster cluster) {
    cluster.install(
        ServiceUnderTest.CHART, ServiceUnderTest.NAMESPACE, OperatorService.CONTROLLER.account());
  }

  /** The same with Traefik's CRDs and the templates of {@link TestTemplates}. */
  static void installWithTemplates(Cluster cluster, KubeClient api) {
    install(cluster);
    cluster.installTraefikCrds();
    TestTemplates.create(api);
  }

  private static ServiceUnderTest.Service construct(
      KubeClient api, ConfigLoader config, InstantSource clock) throws InvalidConfigException {
    Controller controller =
        new Controller(
            api,
            new ReloadableConfig<>(config, ControllerConfig::from),
            ObserveServer.meters(),
            "test",
            clock,
            new SecureRandom());
    return new ServiceUnderTest.Service() {
      @Override
      public void run() throws InterruptedException {
        controller.run();
      }

      @Override
      public int port() {
        return controller.port();
      }

      @Override
      public void close() {
        controller.close();
      }
    };
  }
}
