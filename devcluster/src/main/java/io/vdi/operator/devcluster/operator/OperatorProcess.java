package io.vdi.operator.devcluster.operator;

import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.ExitWithParent;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A service of the operator as a process of this machine, with the rights of its service account in
 * a {@link Cluster}: the packaged jars, the JVM flags of the image, an AOT cache.
 */
public final class OperatorProcess implements AutoCloseable {
  /** Those of the image; chosen by measurement, see docs/decisions/jvm.md. */
  public static final List<String> JVM_FLAGS =
      List.of("-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-Xmx256m", "-Xlog:aot*=off");

  private static final String AOT = ".aot";
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final ChildProcess process;
  private final int port;

  private OperatorProcess(ChildProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * What to run and how.
   *
   * @param java how the JVM is called, up to its flags
   * @param jvm flags for it: {@link #JVM_FLAGS}, or others to compare
   * @param classPath jars, in the order that an AOT cache was recorded with
   * @param program the main class, and its arguments
   * @param folder for its log
   * @param environment settings, as {@code VDI_…}
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
     * A service as Maven packaged it.
     *
     * @param target Maven's target folder of the service's module: the jar and lib/
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

    /** The same service by another JVM. */
    public Launch as(
        List<String> newJava, List<String> newJvm, List<Path> newClassPath, List<String> main) {
      return new Launch(newJava, newJvm, newClassPath, main, kubeconfig, folder, name, environment);
    }

    private Launch with(String newName, String jvmFlag) {
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

    /** Where its AOT cache is kept: beside the jar that it is of. */
    private Path target() {
      return classPath.getFirst().getParent();
    }
  }

  public static OperatorProcess start(Launch launch) {
    int port = EmbeddedCluster.freePorts(1)[0];
    Map<String, String> environment = new HashMap<>(launch.environment());
    environment.put("KUBECONFIG", launch.kubeconfig().toString());
    environment.put("VDI_SERVER_HOST", "127.0.0.1");
    environment.putIfAbsent("VDI_SERVER_PORT", String.valueOf(port));
    try {
      Files.createDirectories(launch.folder());
    } catch (IOException e) {
      throw new ClusterException("cannot make " + launch.folder(), e);
    }
    return new OperatorProcess(
        ChildProcess.start(
            launch.name(),
            launch.command(),
            environment,
            launch.folder().resolve(launch.name() + ".log")),
        Integer.parseInt(environment.get("VDI_SERVER_PORT")));
  }

  /**
   * The same from an AOT cache, as in the image. The cache is made first, by a training run against
   * this cluster, where there is none yet for exactly these jars, flags and JVM.
   */
  public static OperatorProcess startWithAotCache(Launch launch) {
    return startWithAotCache(launch, OperatorProcess::awaitReady);
  }

  /**
   * The same.
   *
   * @param training what the service is to be used for meanwhile: what it does then is compiled
   *     sooner later
   */
  public static OperatorProcess startWithAotCache(
      Launch launch, Consumer<OperatorProcess> training) {
    Path cache = launch.target().resolve(launch.name() + "-" + fingerprint(launch) + AOT);
    if (!Files.exists(cache)) {
      Progress.say("recording an AOT cache for " + launch.name() + ", once for each build of it");
      deleteCaches(launch.target());
      Path fresh = cache.resolveSibling(cache.getFileName() + "." + ProcessHandle.current().pid());
      try (OperatorProcess trained =
          start(launch.with(launch.name() + "-training", "-XX:AOTCacheOutput=" + fresh))) {
        training.accept(trained);
      }
      try {
        Files.move(fresh, cache);
      } catch (IOException e) {
        Progress.say("no AOT cache, starting without: " + e);
        return start(launch);
      }
    }
    return start(launch.with(launch.name(), "-XX:AOTCache=" + cache));
  }

  /** Those of earlier builds: nobody uses them again. */
  private static void deleteCaches(Path target) {
    try (Stream<Path> files = Files.list(target)) {
      files.filter(file -> file.toString().endsWith(AOT)).forEach(GoPrograms::deleteTree);
    } catch (IOException e) {
      Progress.say("cannot delete old AOT caches: " + e);
    }
  }

  /** Removes a folder of logs and keys with all that is in it. */
  public static void deleteFolder(Path folder) {
    GoPrograms.deleteTree(folder);
  }

  /** Ports of loopback that are free now, for settings of services. */
  public static List<Integer> freePorts(int count) {
    return Arrays.stream(EmbeddedCluster.freePorts(count)).boxed().toList();
  }

  public ChildProcess process() {
    return process;
  }

  public int port() {
    return port;
  }

  /** Returns when the service says that it is ready. */
  public void awaitReady() {
    Progress.await(
        () -> "the service to be ready" + reason(),
        Duration.ofSeconds(60),
        () -> {
          process.requireAlive();
          return status("/observe/health/ready") == 200;
        });
  }

  /** The HTTP status of a page, or 0 where nothing answers. */
  public int status(String path) {
    return request(path).map(HttpResponse::statusCode).orElse(0);
  }

  /** A page, or an empty text where nothing answers. */
  public String page(String path) {
    return request(path).map(HttpResponse::body).orElse("");
  }

  @Override
  public void close() {
    process.close();
  }

  private String reason() {
    String health = page("/observe/health/ready");
    return health.isEmpty() ? "" : ": " + health;
  }

  private Optional<HttpResponse<String>> request(String path) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
              .timeout(Duration.ofSeconds(5))
              .header("Accept", path.contains("metrics") ? "text/plain" : "application/json")
              .build();
      return Optional.of(HTTP.send(request, HttpResponse.BodyHandlers.ofString()));
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /** The jar of a module and its libraries; an AOT cache wants them in a fixed order. */
  public static List<Path> jars(Path target, Path module) {
    List<Path> jars = new ArrayList<>();
    jars.add(target.resolve(module.getFileName() + ".jar"));
    try (Stream<Path> lib = Files.list(target.resolve("lib"))) {
      lib.sorted().forEach(jars::add);
    } catch (IOException e) {
      throw new ClusterException(
          "the service is not built: " + target.resolve("lib") + " is missing; run make build", e);
    }
    return jars;
  }

  private static String fingerprint(Launch launch) {
    StringBuilder text = new StringBuilder(System.getProperty("java.vm.version"));
    text.append(launch.jvm());
    for (Path jar : launch.classPath()) {
      try {
        text.append(jar).append(Files.size(jar)).append(Files.getLastModifiedTime(jar));
      } catch (IOException e) {
        text.append("missing");
      }
    }
    return Hashes.sha256(text.toString(), 12);
  }
}
