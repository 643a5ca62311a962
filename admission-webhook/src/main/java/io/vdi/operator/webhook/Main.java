package io.vdi.operator.webhook;

import io.vdi.operator.common.kube.ClusterConnection;
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

/** Starts the admission webhook and ends with it: 0 after SIGTERM, 2 for a bad start. */
public final class Main {
  private static final Logger LOG = LoggerFactory.getLogger(Main.class);

  private Main() {}

  public static void main(String[] args) throws InterruptedException {
    try {
      run(System.getenv());
      System.exit(0);
    } catch (BadConfig | ClusterConnection.Unusable e) {
      LOG.error("{}", e.getMessage());
      System.exit(2);
    }
  }

  private static void run(Map<String, String> environment)
      throws BadConfig, ClusterConnection.Unusable, InterruptedException {
    LiveSettings<WebhookConfig> settings =
        new LiveSettings<>(
            new ConfigLayers(ConfigLayers.mountedFile(environment), environment),
            WebhookConfig::from);
    Webhook webhook =
        new Webhook(
            ClusterConnection.fromEnvironment(),
            settings,
            ServiceEndpoint.meters(),
            InstantSource.system(),
            new SecureRandom());
    ShutdownHook.closing(webhook::close);
    webhook.run();
  }
}
