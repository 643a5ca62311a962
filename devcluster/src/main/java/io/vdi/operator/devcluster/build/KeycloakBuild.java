package io.vdi.operator.devcluster.build;

import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.ExitWithParent;
import io.vdi.operator.devcluster.process.PrivateFile;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Keycloak from Maven Central, configured and with the realm of {@code keycloak/vdi-realm.json} in
 * its database. The first start of Keycloak creates its tables and takes three times as long as the
 * next ones, so this happens once per machine. The passwords of the realm are random and differ
 * from machine to machine.
 */
public final class KeycloakBuild {
  /** The version of Keycloak. */
  public static final String VERSION = "26.4.0";

  /** The public address of the gate; the realm accepts no other redirects. */
  public static final String GATE_URL = "https://portal.vdi.example.com";

  private static final String REALM = "/keycloak/vdi-realm.json";

  private KeycloakBuild() {}

  /**
   * The secrets of the realm.
   *
   * @param password of all users
   * @param gateSecret the client secret of the gate
   */
  public record Secrets(String password, String gateSecret) {
    private static Secrets generate() {
      return new Secrets(random(), random());
    }

    private static String random() {
      return new BigInteger(160, new SecureRandom()).toString(36);
    }
  }

  /** The directory with Keycloak, which is built if it is not in the cache. */
  public static Path provide() {
    String realm = realm();
    return BuildCache.ofUser()
        .provide(
            "keycloak",
            Hashes.sha256(VERSION + GATE_URL + realm, 12),
            (work, out) -> build(work, out, realm));
  }

  /** The secrets of the realm in a directory of {@link #provide}. */
  public static Secrets secrets(Path built) {
    try {
      List<String> lines = Files.readAllLines(built.resolve("secrets"));
      return new Secrets(lines.getFirst(), lines.getLast());
    } catch (IOException e) {
      throw new ClusterException("cannot read the secrets of Keycloak: " + e, e);
    }
  }

  /**
   * Copies Keycloak for one instance, which changes its database. Everything else is linked.
   *
   * @return the new home of Keycloak
   */
  public static Path copy(Path built, Path home) {
    try {
      Files.walkFileTree(
          built,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
                throws IOException {
              Files.createDirectories(home.resolve(built.relativize(folder)));
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Path relative = built.relativize(file);
              if (relative.startsWith("lib")) {
                Files.createSymbolicLink(home.resolve(relative), file);
              } else {
                Files.copy(file, home.resolve(relative));
              }
              return FileVisitResult.CONTINUE;
            }
          });
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

  private static void build(Path work, Path out, String realm) throws IOException {
    Progress.say("building Keycloak " + VERSION + "; about 2 minutes on 2 cores");
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
    Secrets secrets = Secrets.generate();
    Path file = PrivateFile.write(work.resolve("vdi-realm.json"), realm);
    run(unpacked, Map.of(), "build", "--db=dev-file", "--health-enabled=false");
    run(
        unpacked,
        Map.of(
            "VDI_PASSWORD", secrets.password(),
            "VDI_GATE_SECRET", secrets.gateSecret(),
            "VDI_GATE_URL", GATE_URL),
        "import",
        "--optimized",
        "--file=" + file);
    PrivateFile.write(
        unpacked.resolve("secrets"), secrets.password() + "\n" + secrets.gateSecret() + "\n");
    Files.delete(out);
    Files.move(unpacked, out);
  }

  private static void run(Path home, Map<String, String> environment, String... arguments) {
    Command.run(command(home, List.of(), List.of(), List.of(arguments)), environment);
  }

  private static String program(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  private static String realm() {
    try (InputStream in = KeycloakBuild.class.getResourceAsStream(REALM)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new ClusterException("cannot read " + REALM, e);
    }
  }
}
