package io.vdi.operator.devcluster;

import io.vdi.operator.common.model.Names;
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
   * @param target Maven's target folder of the service's module: the jar and lib/
   * @param folder for its log
   * @param environment settings, as {@code VDI_…}
   * @param jvm flags for its JVM: {@link #JVM_FLAGS}, or others to compare
   */
  public record Launch(
      Path target,
      String mainClass,
      Path kubeconfig,
      Path folder,
      String name,
      Map<String, String> environment,
      List<String> jvm) {

    private Launch with(String newName, String jvmFlag) {
      List<String> flags = new ArrayList<>(jvm);
      flags.add(jvmFlag);
      return new Launch(target, mainClass, kubeconfig, folder, newName, environment, flags);
    }
  }

  public static OperatorProcess start(Launch launch) {
    int port = EmbeddedCluster.freePorts(1)[0];
    Map<String, String> environment = new HashMap<>(launch.environment());
    environment.put("KUBECONFIG", launch.kubeconfig().toString());
    environment.put("VDI_SERVER_HOST", "127.0.0.1");
    environment.putIfAbsent("VDI_SERVER_PORT", String.valueOf(port));
    List<String> command = new ArrayList<>();
    command.add(java().toString());
    command.addAll(launch.jvm());
    command.addAll(
        List.of("-cp", classPath(launch.target()), WithParent.class.getName(), launch.mainClass()));
    try {
      Files.createDirectories(launch.folder());
    } catch (IOException e) {
      throw new ClusterException("cannot make " + launch.folder(), e);
    }
    return new OperatorProcess(
        ChildProcess.start(
            launch.name(), command, environment, launch.folder().resolve(launch.name() + ".log")),
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

  /** An AOT cache wants jars in a fixed order; {@link WithParent} comes from our own jar. */
  private static String classPath(Path target) {
    List<String> jars = new ArrayList<>();
    jars.add(target.resolve(target.toAbsolutePath().getParent().getFileName() + ".jar").toString());
    try (Stream<Path> lib = Files.list(target.resolve("lib"))) {
      lib.sorted().map(Path::toString).forEach(jars::add);
    } catch (IOException e) {
      throw new ClusterException(
          "the service is not built: " + target.resolve("lib") + " is missing; run make build", e);
    }
    jars.add(
        Path.of(WithParent.class.getProtectionDomain().getCodeSource().getLocation().getPath())
            .toString());
    return String.join(":", jars);
  }

  private static String fingerprint(Launch launch) {
    StringBuilder text = new StringBuilder(System.getProperty("java.vm.version"));
    text.append(launch.jvm());
    for (String jar : classPath(launch.target()).split(":", -1)) {
      try {
        text.append(jar)
            .append(Files.size(Path.of(jar)))
            .append(Files.getLastModifiedTime(Path.of(jar)));
      } catch (IOException e) {
        text.append("missing");
      }
    }
    return Names.hash(text.toString(), 12);
  }
}
