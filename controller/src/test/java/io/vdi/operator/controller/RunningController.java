package io.vdi.operator.controller;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A controller in this JVM, with the rights of its service account and no more. */
final class RunningController implements AutoCloseable {
  static final String NAMESPACE = "vdi-system";
  static final String SERVICE_ACCOUNT = "vdi-controller";
  static final Path CHART = Path.of("../charts/vdi-operator");

  private final ServiceRuntime<ControllerConfig> controller;
  private final Thread thread;

  private RunningController(ServiceRuntime<ControllerConfig> controller) {
    this.controller = controller;
    this.thread =
        Thread.ofPlatform()
            .name("controller")
            .start(() -> {
              try {
                controller.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  /** Installs CRDs and rights, and starts. */
  static RunningController start(Cluster cluster, Map<String, String> settings) {
    cluster.install(CHART, NAMESPACE, SERVICE_ACCOUNT);
    return start(Cluster.connect(kubeconfig(cluster)), settings, Optional.empty());
  }

  static RunningController start(
      KubeClient api, Map<String, String> settings, Optional<Path> settingsFile) {
    Map<String, String> environment = new HashMap<>();
    environment.put("VDI_SERVER_PORT", "0");
    environment.put("VDI_SERVER_HOST", "127.0.0.1");
    environment.put("VDI_LEADER_ELECTION_ENABLED", "false");
    environment.putAll(settings);
    try {
      return new RunningController(
          new ServiceRuntime<>(
              Controller.SERVICE,
              api,
              new ConfigLoader(settingsFile, environment),
              InstantSource.system()));
    } catch (InvalidConfigException e) {
      throw new ClusterException(e.getMessage(), e);
    }
  }

  /** The kubeconfig of the controller's service account. */
  static Path kubeconfig(Cluster cluster) {
    try {
      Path file = Files.createTempFile("controller-", ".kubeconfig");
      file.toFile().deleteOnExit();
      return cluster.serviceAccountKubeconfig(NAMESPACE, SERVICE_ACCOUNT, file);
    } catch (IOException e) {
      throw new ClusterException("cannot make a temporary file", e);
    }
  }

  int port() {
    return controller.port();
  }

  @Override
  public void close() {
    controller.close();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(20));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
