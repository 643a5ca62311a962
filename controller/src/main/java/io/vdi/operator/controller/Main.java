package io.vdi.operator.controller;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.runtime.ObserveServer;
import io.vdi.operator.runtime.ShutdownHook;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.ReloadableConfig;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the controller and ends with it: 0 after SIGTERM, 1 when the Lease is lost, 2 for a bad
 * start.
 */
public final class Main {
  private static final Logger LOG = LoggerFactory.getLogger(Main.class);

  private Main() {}

  public static void main(String[] args) throws InterruptedException {
    try {
      System.exit(run(KubeClientFactory.fromEnvironment(), System.getenv()));
    } catch (InvalidConfigException | KubeClientFactory.ClusterUnavailableException e) {
      LOG.error("{}", e.getMessage());
      System.exit(2);
    }
  }

  /**
   * Runs the controller against this cluster until the JVM is told to end. Returns the exit status.
   */
  static int run(KubeClient api, Map<String, String> environment)
      throws InvalidConfigException, InterruptedException {
    ReloadableConfig<ControllerConfig> settings =
        new ReloadableConfig<>(
            new ConfigLoader(ConfigLoader.mountedFile(environment), environment),
            ControllerConfig::from);
    Controller controller =
        new Controller(
            api,
            settings,
            ObserveServer.meters(),
            LeaderElectionConfig.identity(),
            InstantSource.system(),
            new SecureRandom());
    ShutdownHook.closing(controller::close);
    return switch (controller.run()) {
      case STOPPED -> 0;
      case LEASE_LOST -> {
        // The Deployment starts it again; nothing may be written any more.
        Runtime.getRuntime().halt(1);
        yield 1;
      }
    };
  }
}
