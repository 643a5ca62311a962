package io.vdi.operator.gate;

import io.vdi.operator.devcluster.build.BuildCache;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.ExitWithParent;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.awaitility.Awaitility;

/**
 * A Keycloak on loopback with the realm {@code vdi} of {@code realm.json}, whose data is in memory.
 * Its program comes from Maven once, and is prepared once: the preparation takes a minute or more,
 * a start afterwards about 15 s.
 */
final class Keycloak implements AutoCloseable {
  private static final String VERSION = "26.4.0";
  private static final String ARTIFACT = "org.keycloak:keycloak-quarkus-dist:" + VERSION + ":zip";

  private final Path home;
  private final int port;
  private final ChildProcess process;

  private Keycloak(Path home, int port, ChildProcess process) {
    this.home = home;
    this.port = port;
    this.process = process;
  }

  /**
   * Starts it and waits until it answers.
   *
   * @param portal the public URL of the gate, which the realm allows
   */
  static Keycloak start(Path folder, String portal) throws IOException {
    Path program =
        BuildCache.ofUser().provide("keycloak", VERSION, Keycloak::prepare).resolve("keycloak");
    Path home = Files.createDirectory(folder.resolve("keycloak"));
    link(program, home);
    Path imports = Files.createDirectories(home.resolve("data/import"));
    try (InputStream realm = Keycloak.class.getResourceAsStream("/realm.json")) {
      Files.writeString(
          imports.resolve("realm.json"),
          new String(realm.readAllBytes(), StandardCharsets.UTF_8).replace("@PORTAL@", portal));
    }
    int port = LoopbackPorts.free(1).getFirst();
    ChildProcess process =
        ChildProcess.start(
            "keycloak", command(home, port), Map.of("KC_CACHE", "local"), folder.resolve("log"));
    Keycloak keycloak = new Keycloak(home, port, process);
    keycloak.awaitAnswer();
    return keycloak;
  }

  String issuer() {
    return "http://127.0.0.1:" + port + "/realms/vdi";
  }

  private static void prepare(Path work, Path out) throws IOException, InterruptedException {
    Progress.say("preparing Keycloak " + VERSION + ": 160 MB from Maven, then a minute or two");
    Command.run(
        List.of(
            "mvn",
            "-q",
            "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
            "-Dartifact=" + ARTIFACT,
            "-DoutputDirectory=" + work));
    Path home = Files.createDirectory(out.resolve("keycloak"));
    unpack(work.resolve("keycloak-quarkus-dist-" + VERSION + ".zip"), home);
    Command.run(
        List.of("sh", home.resolve("bin/kc.sh").toString(), "build", "--db=dev-mem"),
        Map.of("JAVA_HOME", System.getProperty("java.home")));
  }

  private static void unpack(Path zip, Path home) throws IOException {
    try (ZipInputStream in = new ZipInputStream(Files.newInputStream(zip))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        Path name = Path.of(entry.getName());
        Path target = home.resolve(name.subpath(0, 1).relativize(name)).normalize();
        if (!target.startsWith(home)) {
          throw new IOException(zip + " contains " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(target);
        } else {
          Files.createDirectories(target.getParent());
          Files.copy(in, target);
        }
      }
    }
  }

  /** Hard links to the program: each Keycloak has its own directory of data. */
  private static void link(Path program, Path home) throws IOException {
    try (Stream<Path> files = Files.walk(program)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path target = home.resolve(program.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          try {
            Files.createLink(target, file);
          } catch (IOException e) {
            // The folder is on another file system.
            Files.copy(file, target);
          }
        }
      }
    }
  }

  /** As bin/kc.sh starts it, with {@link ExitWithParent} so that nothing is left behind. */
  private static List<String> command(Path home, int port) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--add-opens=java.base/java.util=ALL-UNNAMED",
                "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
                "--add-opens=java.base/java.security=ALL-UNNAMED",
                "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
                    + "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
                "-Dkc.home.dir=" + home,
                "-Djboss.server.config.dir=" + home.resolve("conf"),
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                "-Dpicocli.disable.closures=true",
                "-cp",
                home.resolve("lib/quarkus-run.jar") + ":" + ownClasses(),
                ExitWithParent.class.getName(),
                "io.quarkus.bootstrap.runner.QuarkusEntryPoint"));
    command.addAll(
        List.of(
            "start",
            "--optimized",
            "--import-realm",
            "--http-enabled=true",
            "--http-host=127.0.0.1",
            "--http-port=" + port,
            "--hostname=http://127.0.0.1:" + port));
    return command;
  }

  private static String ownClasses() {
    return Path.of(
            URI.create(
                ExitWithParent.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toString()))
        .toString();
  }

  private void awaitAnswer() {
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(issuer() + "/.well-known/openid-configuration"))
              .timeout(Duration.ofSeconds(10))
              .build();
      Awaitility.await()
          .atMost(Duration.ofMinutes(5))
          .pollInterval(Duration.ofMillis(500))
          .until(() -> {
            process.requireAlive();
            try {
              return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
            } catch (IOException e) {
              return false;
            }
          });
    }
  }

  @Override
  public void close() {
    process.close();
    FileTree.delete(home);
  }
}
