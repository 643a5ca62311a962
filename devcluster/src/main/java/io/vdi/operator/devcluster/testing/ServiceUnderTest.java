package io.vdi.operator.devcluster.testing;

import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.runtime.ServiceDefinition;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.leader.LeaseHolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How the tests of a module start its service. The service has the permissions of its service
 * account and no others, so that a missing permission fails a test.
 *
 * @param definition starts the service in this JVM
 * @param settings environment variables of the service, {@code VDI_…}
 * @param configFile the content of its mounted file
 * @param clock used in this JVM only
 */
public record ServiceUnderTest(
    OperatorService service,
    ServiceDefinition<?> definition,
    Map<String, String> settings,
    Optional<String> configFile,
    InstantSource clock) {
  public static final Path CHECKOUT = Path.of("..");
  public static final Path CHART = CHECKOUT.resolve("charts/vdi-operator");

  public ServiceUnderTest(OperatorService service, ServiceDefinition<?> definition) {
    this(service, definition, Map.of(), Optional.empty(), InstantSource.system());
  }

  /** The same with further settings. */
  public ServiceUnderTest withSettings(Map<String, String> more) {
    Map<String, String> all = new HashMap<>(settings);
    all.putAll(more);
    return new ServiceUnderTest(service, definition, all, configFile, clock);
  }

  /** The same with a mounted file; see {@link RunningService.InThisJvm#configure}. */
  public ServiceUnderTest withConfigFile(String content) {
    return new ServiceUnderTest(service, definition, settings, Optional.of(content), clock);
  }

  public ServiceUnderTest withClock(InstantSource other) {
    return new ServiceUnderTest(service, definition, settings, configFile, other);
  }

  /** Starts the service in this JVM, without leader election. */
  public RunningService.InThisJvm start(Cluster cluster) {
    return start(kubeconfig(cluster));
  }

  /** Starts the service in this JVM, without leader election. */
  public RunningService.InThisJvm start(Path kubeconfig) {
    Map<String, String> environment = new HashMap<>();
    environment.put("vdiConfig_SERVER_PORT", "0");
    environment.put("vdiConfig_SERVER_HOST", "127.0.0.1");
    environment.put("vdiConfig_LEADER_ELECTION_ENABLED", "false");
    environment.putAll(settings);
    Optional<Path> file = configFile.map(content -> write(temporaryFile("-config.yaml"), content));
    try {
      return new RunningService.InThisJvm(
          service.module(),
          new ServiceRuntime<>(
              definition,
              Cluster.connect(kubeconfig),
              new ConfigLoader(file, environment),
              LeaseHolder.ofProcess(environment),
              clock),
          file);
    } catch (InvalidConfigException e) {
      throw new ClusterException(e.getMessage(), e);
    }
  }

  /**
   * Starts the packaged service in a process of its own, with leader election.
   *
   * @param folder for its log
   * @param name of the process and of its log
   */
  public RunningService.InProcess startProcess(Path kubeconfig, Path folder, String name) {
    return RunningService.InProcess.start(
        service.launch(CHECKOUT, OperatorService.NAMESPACE, kubeconfig, folder, name, settings));
  }

  /** Writes the kubeconfig of the service account to a temporary file. */
  public Path kubeconfig(Cluster cluster) {
    return cluster.serviceAccountKubeconfig(
        OperatorService.NAMESPACE, service.account(), temporaryFile(".kubeconfig"));
  }

  private Path temporaryFile(String suffix) {
    try {
      Path file = Files.createTempFile(service.module() + "-", suffix);
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new ClusterException("cannot create a temporary file", e);
    }
  }

  static Path write(Path file, String content) {
    try {
      return Files.writeString(file, content);
    } catch (IOException e) {
      throw new ClusterException("cannot write " + file, e);
    }
  }
}
