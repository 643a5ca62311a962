package io.vdi.operator.webhook;

import io.vdi.operator.common.service.BadConfig;
import io.vdi.operator.common.service.ConfigLayers;
import io.vdi.operator.common.service.LiveSettings;
import io.vdi.operator.common.service.ServiceEndpoint;
import io.vdi.operator.devcluster.Cluster;
import io.vdi.operator.devcluster.ClusterException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;

/** A replica in this JVM, whose clock is wrong. */
final class SkewedReplica implements AutoCloseable {
  private final Webhook webhook;

  SkewedReplica(Path kubeconfig, Path config, Map<String, String> settings, Duration offset) {
    try {
      webhook =
          new Webhook(
              Cluster.connect(kubeconfig),
              new LiveSettings<>(
                  new ConfigLayers(Optional.of(config), settings), WebhookConfig::from),
              ServiceEndpoint.meters(),
              InstantSource.offset(InstantSource.system(), offset),
              new SecureRandom());
    } catch (BadConfig e) {
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
