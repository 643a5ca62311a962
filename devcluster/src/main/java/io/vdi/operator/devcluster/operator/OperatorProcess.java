package io.vdi.operator.devcluster.operator;

import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.ExitWithParent;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A service of the operator as a process on this machine, with the permissions of its service
 * account in a cluster.
 */
public final class OperatorProcess implements AutoCloseable {
  private final ChildProcess process;
  private final int port;

  private OperatorProcess(ChildProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * What to start and how.
   *
   * @param java the command that starts the JVM, without its flags
   * @param jvm JVM flags: {@link OperatorService#jvmFlags}, or others to compare
   * @param classPath jars, in the order with which the AOT cache was recorded
   * @param program the main class and its arguments
   * @param folder directory for the log
   * @param environment settings, as variables {@code VDI_…}
   */
  public record Launch(
      List<String> java,
      List<String> jvm,
      List<Path> classPath,
      List<String> program,
      Path kubeconfig,
      Path folder,
      String name,
      Map<String, String> environment) {

    /**
     * A service as packaged by Maven.
     *
     * @param target Maven's target directory of the module, with the jar and lib/
     */
    public static Launch of(
        Path target,
        String mainClass,
        Path kubeconfig,
        Path folder,
        String name,
        Map<String, String> environment,
        List<String> jvm) {
      List<Path> jars = new ArrayList<>(jars(target, target.toAbsolutePath().getParent()));
      jars.add(
          Path.of(
              ExitWithParent.class.getProtectionDomain().getCodeSource().getLocation().getPath()));
      return new Launch(
          List.of(OperatorProcess.java().toString()),
          jvm,
          jars,
          List.of(ExitWithParent.class.getName(), mainClass),
          kubeconfig,
          folder,
          name,
          environment);
    }

    /** The same service with another JVM. */
    public Launch as(
        List<String> newJava, List<String> newJvm, List<Path> newClassPath, List<String> main) {
      return new Launch(newJava, newJvm, newClassPath, main, kubeconfig, folder, name, environment);
    }

    /** The same with other JVM flags. */
    public Launch withJvm(List<String> flags) {
      return new Launch(java, flags, classPath, program, kubeconfig, folder, name, environment);
    }

    /** The same with another name and an additional JVM flag. */
    Launch with(String newName, String jvmFlag) {
      List<String> flags = new ArrayList<>(jvm);
      flags.add(jvmFlag);
      return new Launch(java, flags, classPath, program, kubeconfig, folder, newName, environment);
    }

    private List<String> command() {
      List<String> command = new ArrayList<>(java);
      command.addAll(jvm);
      command.add("-cp");
      command.add(String.join(":", classPath.stream().map(Path::toString).toList()));
      command.addAll(program);
      return command;
    }

    /** The directory of the service's jar. */
    Path target() {
      return classPath.getFirst().getParent();
    }
  }

  /**
   * Starts the service; see {@link #awaitReady}. It serves health and metrics on a free port of the
   * loopback interface, unless {@code vdiConfig_SERVER_PORT} sets one.
   */
  public static OperatorProcess start(Launch launch) {
    int port = LoopbackPorts.free(1).getFirst();
    Map<String, String> environment = new HashMap<>(launch.environment());
    environment.put("KUBECONFIG", launch.kubeconfig().toString());
    environment.put("vdiConfig_SERVER_HOST", "127.0.0.1");
    environment.putIfAbsent("vdiConfig_SERVER_PORT", String.valueOf(port));
    try {
      Files.createDirectories(launch.folder());
    } catch (IOException e) {
      throw new ClusterException("cannot create " + launch.folder(), e);
    }
    return new OperatorProcess(
        ChildProcess.start(
            launch.name(),
            launch.command(),
            environment,
            launch.folder().resolve(launch.name() + ".log")),
        Integer.parseInt(environment.get("vdiConfig_SERVER_PORT")));
  }

  public ChildProcess process() {
    return process;
  }

  /** The port of health and metrics. */
  public int port() {
    return port;
  }

  /** Waits until the service reports that it is ready. */
  public void awaitReady() {
    Progress.await(
        () -> "the service to be ready" + reason(),
        // An image is trained beside tests on the same cores.
        Duration.ofMinutes(4),
        () -> {
          process.requireAlive();
          return status("/observe/health/ready") == 200;
        });
  }

  /** The HTTP status of a page, or 0 without an answer. */
  public int status(String path) {
    return ServicePages.get(port, path).map(HttpResponse::statusCode).orElse(0);
  }

  /** The body of a page, or an empty text without an answer. */
  public String page(String path) {
    return ServicePages.get(port, path).map(HttpResponse::body).orElse("");
  }

  @Override
  public void close() {
    process.close();
  }

  private String reason() {
    String health = page("/observe/health/ready");
    return health.isEmpty() ? "" : ": " + health;
  }

  static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /**
   * The jar of a module and its libraries, in a fixed order, as AOT caches require.
   *
   * @param target the directory with the jar and lib/
   * @param module a path that ends with the module's name
   */
  public static List<Path> jars(Path target, Path module) {
    List<Path> jars = new ArrayList<>();
    jars.add(target.resolve(module.getFileName() + ".jar"));
    try (Stream<Path> lib = Files.list(target.resolve("lib"))) {
      lib.sorted().forEach(jars::add);
    } catch (IOException e) {
      throw new ClusterException(
          module.getFileName()
              + " is not built: "
              + target.resolve("lib")
              + " is missing; run make build",
          e);
    }
    return jars;
  }
}
