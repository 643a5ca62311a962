package io.vdi.operator.devcluster.testing;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.operator.ServicePages;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Progress;
import io.vdi.operator.runtime.ServiceRuntime;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A service of the operator that runs against a cluster; {@link ServiceUnderTest} starts it. */
public sealed interface RunningService extends AutoCloseable {
  /** The port of its health and metrics pages on loopback. */
  int port();

  /** Stops it in order: it finishes the work it has begun and releases its Lease. */
  @Override
  void close();

  /** Waits until its readiness probe succeeds. */
  default void awaitReady() {
    Progress.await(
        () -> "the service to be ready: " + page("/observe/health/ready"),
        Duration.ofSeconds(60),
        () -> status("/observe/health/ready") == 200);
  }

  /** The HTTP status of a page, or 0 when the service does not answer. */
  default int status(String path) {
    return ServicePages.get(port(), path).map(HttpResponse::statusCode).orElse(0);
  }

  /** The text of a page, or an empty text when the service does not answer. */
  default String page(String path) {
    return ServicePages.get(port(), path).map(HttpResponse::body).orElse("");
  }

  default JsonObject json(String path) {
    return JsonParser.parseString(page(path)).getAsJsonObject();
  }

  /** The sum of a metric over its labels, or 0 when the service does not answer. */
  default double metric(String name) {
    return ServicePages.sum(page("/observe/metrics"), name);
  }

  default boolean isLeader() {
    return metric("vdi_leader") == 1;
  }

  /** In this JVM. */
  final class InThisJvm implements RunningService {
    private final ServiceRuntime<?> service;
    private final Optional<Path> configFile;
    private final Thread thread;

    InThisJvm(String name, ServiceRuntime<?> service, Optional<Path> configFile) {
      if (service.port() <= 0) {
        throw new ClusterException(name + " does not listen");
      }
      this.service = service;
      this.configFile = configFile;
      this.thread =
          Thread.ofPlatform()
              .name(name)
              .start(() -> {
                try {
                  service.run();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
    }

    @Override
    public int port() {
      return service.port();
    }

    /**
     * Replaces the content of its mounted file, as a change of the ConfigMap does. The service must
     * have been started with {@link ServiceUnderTest#withConfigFile}.
     */
    public void configure(String content) {
      ServiceUnderTest.write(configFile.orElseThrow(), content);
    }

    @Override
    public void close() {
      service.close();
      try {
        thread.join(TimeUnit.SECONDS.toMillis(20));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** In a process of its own, which a test can kill. */
  record InProcess(OperatorProcess operator) implements RunningService {
    public static InProcess start(OperatorProcess.Launch launch) {
      return new InProcess(OperatorProcess.start(launch));
    }

    /**
     * Starts a packaged service with the permissions of its service account.
     *
     * @param folder for its kubeconfig, its mounted file and its log
     * @param config the content of the mounted file
     * @param settings environment variables of the service, {@code VDI_…}
     */
    public static InProcess start(
        Cluster cluster,
        OperatorService service,
        Path folder,
        String config,
        Map<String, String> settings) {
      String name = service.module();
      Map<String, String> environment = new HashMap<>(settings);
      environment.put(
          "VDI_CONFIG_FILE",
          ServiceUnderTest.write(folder.resolve(name + ".yaml"), config).toString());
      return start(
          service.launch(
              ServiceUnderTest.CHECKOUT,
              OperatorService.NAMESPACE,
              cluster.serviceAccountKubeconfig(
                  OperatorService.NAMESPACE,
                  service.account(),
                  folder.resolve(name + ".kubeconfig")),
              folder,
              name,
              environment));
    }

    @Override
    public int port() {
      return operator.port();
    }

    /** Its process, to kill or restart it and to read its log. */
    public ChildProcess process() {
      return operator.process();
    }

    public void kill() {
      process().kill();
    }

    @Override
    public void awaitReady() {
      operator.awaitReady();
    }

    @Override
    public boolean isLeader() {
      return process().isAlive() && RunningService.super.isLeader();
    }

    /** Stops it with SIGTERM. */
    @Override
    public void close() {
      operator.close();
    }
  }
}
