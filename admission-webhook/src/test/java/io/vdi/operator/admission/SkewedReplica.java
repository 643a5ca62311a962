package io.vdi.operator.admission;

import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.runtime.ObserveServer;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.ReloadableConfig;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;

/** A replica in this JVM with a wrong clock. */
final class SkewedReplica implements AutoCloseable {
  private final AdmissionWebhook webhook;

  SkewedReplica(Path kubeconfig, Path config, Map<String, String> settings, Duration offset) {
    try {
      webhook =
          new AdmissionWebhook(
              Cluster.connect(kubeconfig),
              new ReloadableConfig<>(
                  new ConfigLoader(Optional.of(config), settings), AdmissionConfig::from),
              ObserveServer.meters(),
              InstantSource.offset(InstantSource.system(), offset),
              new SecureRandom());
    } catch (InvalidConfigException e) {
      throw new ClusterException(e.getMessage(), e);
    }
    Thread.ofPlatform()
        .name("skewed-replica")
        .start(() -> {
          try {
            webhook.run();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  boolean isReady() {
    return webhook.isReady();
  }

  @Override
  public void close() {
    webhook.close();
  }
}
