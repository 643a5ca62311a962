package io.vdi.operator.controller;

import io.vdi.operator.common.kube.ClusterConnection;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.lead.Election;
import io.vdi.operator.common.service.BadConfig;
import io.vdi.operator.common.service.ConfigLayers;
import io.vdi.operator.common.service.LiveSettings;
import io.vdi.operator.common.service.ServiceEndpoint;
import io.vdi.operator.common.service.ShutdownHook;
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
      System.exit(run(ClusterConnection.fromEnvironment(), System.getenv()));
    } catch (BadConfig | ClusterConnection.Unusable e) {
      LOG.error("{}", e.getMessage());
      System.exit(2);
    }
  }

  /**
   * Runs the controller against this cluster until the JVM is told to end. Returns the exit status.
   */
  static int run(KubeApi api, Map<String, String> environment)
      throws BadConfig, InterruptedException {
    LiveSettings<ControllerConfig> settings =
        new LiveSettings<>(
            new ConfigLayers(ConfigLayers.mountedFile(environment), environment),
            ControllerConfig::from);
    Controller controller =
        new Controller(
            api,
            settings,
            ServiceEndpoint.meters(),
            Election.identity(),
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
