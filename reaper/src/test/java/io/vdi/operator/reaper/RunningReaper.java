package io.vdi.operator.reaper;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A reaper in this JVM, with the rights of its service account and no more. */
final class RunningReaper implements AutoCloseable {
  static final String NAMESPACE = "vdi-system";
  static final String SERVICE_ACCOUNT = "vdi-reaper";
  static final Path CHART = Path.of("../charts/vdi-operator");

  /** What a test wants that has to do with neither sweeps nor the brake. */
  static final String QUIET = "sweepInterval: 1h\nconfirmMassDeletion: true\n";

  private final ServiceRuntime<ReaperConfig> reaper;
  private final Path settingsFile;
  private final Thread thread;

  private RunningReaper(ServiceRuntime<ReaperConfig> reaper, Path settingsFile) {
    this.reaper = reaper;
    this.settingsFile = settingsFile;
    this.thread =
        Thread.ofPlatform()
            .name("reaper")
            .start(() -> {
              try {
                reaper.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  /** CRDs and rights. */
  static void install(Cluster cluster) {
    cluster.install(CHART, NAMESPACE, "vdi-controller");
    cluster.installReaper(CHART, NAMESPACE, SERVICE_ACCOUNT);
  }

  /**
   * @param settings the content of its mounted file
   */
  static RunningReaper start(Cluster cluster, String settings) {
    return start(Cluster.connect(kubeconfig(cluster)), settings, InstantSource.system());
  }

  static RunningReaper start(KubeClient api, String settings, InstantSource clock) {
    Map<String, String> environment = new HashMap<>();
    environment.put("VDI_SERVER_PORT", "0");
    environment.put("VDI_SERVER_HOST", "127.0.0.1");
    environment.put("VDI_LEADER_ELECTION_ENABLED", "false");
    try {
      Path file = Files.createTempFile("reaper-", ".yaml");
      file.toFile().deleteOnExit();
      Files.writeString(file, settings);
      return new RunningReaper(
          new ServiceRuntime<>(
              Reaper.SERVICE, api, new ConfigLoader(Optional.of(file), environment), clock),
          file);
    } catch (InvalidConfigException | IOException e) {
      throw new ClusterException(e.getMessage(), e);
    }
  }

  /** The kubeconfig of the reaper's service account. */
  static Path kubeconfig(Cluster cluster) {
    try {
      Path file = Files.createTempFile("reaper-", ".kubeconfig");
      file.toFile().deleteOnExit();
      return cluster.serviceAccountKubeconfig(NAMESPACE, SERVICE_ACCOUNT, file);
    } catch (IOException e) {
      throw new ClusterException("cannot make a temporary file", e);
    }
  }

  /** Changes its mounted file, as an admin who changes the ConfigMap does. */
  void configure(String settings) {
    try {
      Files.writeString(settingsFile, settings);
    } catch (IOException e) {
      throw new ClusterException("cannot write " + settingsFile, e);
    }
  }

  /** What it shows at /report. */
  JsonObject report() {
    return JsonParser.parseString(page("/report")).getAsJsonObject();
  }

  /** How many of this sort its report counts. */
  int reported(String sort) {
    return report().getAsJsonObject("counts").get(sort).getAsInt();
  }

  private String page(String path) {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + reaper.port() + path))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      throw new ClusterException("no answer from the reaper", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClusterException("interrupted", e);
    }
  }

  @Override
  public void close() {
    reaper.close();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(20));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
