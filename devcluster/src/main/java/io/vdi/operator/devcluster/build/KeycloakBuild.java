package io.vdi.operator.devcluster.build;

import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.ExitWithParent;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Keycloak from Maven Central, configured, and with the tables of an empty database. The first
 * start of Keycloak creates them and takes three times as long as the next ones, so this happens
 * once per machine.
 */
public final class KeycloakBuild {
  private static final String VERSION = "26.4.0";
  private static final String REALM = "/keycloak/vdi-realm.json";
  private static final String LIBRARIES = "lib";

  private KeycloakBuild() {}

  /** The directory with Keycloak, which is built if it is not in the cache. */
  public static Path provide() {
    return BuildCache.ofUser().provide("keycloak", VERSION + "-1", KeycloakBuild::build);
  }

  /**
   * Copies Keycloak for one instance, which changes its database, and adds the realm {@code vdi},
   * which it imports at its first start. The libraries are linked.
   *
   * @return the new home of Keycloak
   */
  public static Path copy(Path built, Path home) {
    try (Stream<Path> files = Files.walk(built);
        InputStream realm = KeycloakBuild.class.getResourceAsStream(REALM)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path copy = home.resolve(built.relativize(file));
        if (built.relativize(file).startsWith(LIBRARIES)) {
          continue;
        }
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy);
        }
      }
      Files.createSymbolicLink(home.resolve(LIBRARIES), built.resolve(LIBRARIES));
      Path imports = Files.createDirectories(home.resolve("data/import"));
      Files.writeString(
          imports.resolve("vdi-realm.json"),
          new String(realm.readAllBytes(), StandardCharsets.UTF_8));
      return home;
    } catch (IOException e) {
      throw new ClusterException("cannot copy Keycloak to " + home + ": " + e, e);
    }
  }

  /** The command that runs Keycloak until the process exits that started it. */
  public static List<String> command(Path home, List<String> arguments) {
    String thisModule =
        ExitWithParent.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    return command(home, List.of(thisModule), List.of(ExitWithParent.class.getName()), arguments);
  }

  /** As {@code bin/kc.sh} does it. */
  private static List<String> command(
      Path home, List<String> jars, List<String> before, List<String> arguments) {
    String keycloak = home.resolve("lib/quarkus-run.jar").toString();
    List<String> java =
        List.of(
            program("java"),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx384m",
            "--sun-misc-unsafe-memory-access=allow",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
            "--add-opens=java.base/java.security=ALL-UNNAMED",
            "-Dkc.home.dir=" + home,
            "-Djboss.server.config.dir=" + home.resolve("conf"),
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
            "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
                + "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
            "-cp",
            String.join(":", Stream.concat(Stream.of(keycloak), jars.stream()).toList()));
    return Stream.of(
            java, before, List.of("io.quarkus.bootstrap.runner.QuarkusEntryPoint"), arguments)
        .flatMap(List::stream)
        .toList();
  }

  private static void build(Path work, Path out) throws IOException {
    Progress.say("building Keycloak " + VERSION + ": 160 MB from Maven, then 1 minute on 2 cores");
    Command.run(
        List.of(
            "mvn",
            "--quiet",
            "--batch-mode",
            "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
            "-Dartifact=org.keycloak:keycloak-quarkus-dist:" + VERSION + ":zip",
            "-DoutputDirectory=" + work));
    Command.run(
        List.of(
            program("jar"),
            "--extract",
            "--file=" + work.resolve("keycloak-quarkus-dist-" + VERSION + ".zip"),
            "--dir=" + work));
    Path unpacked = work.resolve("keycloak-" + VERSION);
    run(unpacked, "build", "--db=dev-file", "--health-enabled=false");
    // Any command that opens the database creates its tables.
    run(unpacked, "export", "--optimized", "--dir=" + work.resolve("export"));
    Files.delete(out);
    Files.move(unpacked, out);
  }

  private static void run(Path home, String... arguments) {
    Command.run(command(home, List.of(), List.of(), List.of(arguments)));
  }

  private static String program(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }
}
