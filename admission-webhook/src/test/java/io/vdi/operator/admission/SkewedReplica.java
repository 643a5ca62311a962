package io.vdi.operator.admission;

import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.leader.LeaseHolder;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;

/** A replica in this JVM with a wrong clock. */
final class SkewedReplica implements AutoCloseable {
  private final ServiceRuntime<AdmissionConfig> webhook;

  SkewedReplica(Path kubeconfig, Path config, Map<String, String> settings, Duration offset) {
    try {
      webhook =
          new ServiceRuntime<>(
              AdmissionWebhook.SERVICE,
              Cluster.connect(kubeconfig),
              new ConfigLoader(Optional.of(config), settings),
              LeaseHolder.ofProcess(settings),
              InstantSource.offset(InstantSource.system(), offset));
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
    return webhook.readinessError().isEmpty();
  }

  @Override
  public void close() {
    webhook.close();
  }
}
