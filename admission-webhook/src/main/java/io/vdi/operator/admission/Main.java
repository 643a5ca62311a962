package io.vdi.operator.admission;

import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.runtime.ObserveServer;
import io.vdi.operator.runtime.ShutdownHook;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.ReloadableConfig;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the admission webhook. Exit code 0 after SIGTERM, 2 if it cannot start. */
public final class Main {
  private static final Logger LOG = LoggerFactory.getLogger(Main.class);

  private Main() {}

  public static void main(String[] args) throws InterruptedException {
    try {
      run(System.getenv());
      System.exit(0);
    } catch (InvalidConfigException | KubeClientFactory.ClusterUnavailableException e) {
      LOG.error("{}", e.getMessage());
      System.exit(2);
    }
  }

  private static void run(Map<String, String> environment)
      throws InvalidConfigException,
          KubeClientFactory.ClusterUnavailableException,
          InterruptedException {
    ReloadableConfig<AdmissionConfig> config =
        new ReloadableConfig<>(
            new ConfigLoader(ConfigLoader.mountedFile(environment), environment),
            AdmissionConfig::from);
    AdmissionWebhook webhook =
        new AdmissionWebhook(
            KubeClientFactory.fromEnvironment(),
            config,
            ObserveServer.meters(),
            InstantSource.system(),
            new SecureRandom());
    ShutdownHook.closing(webhook::close);
    webhook.run();
  }
}
