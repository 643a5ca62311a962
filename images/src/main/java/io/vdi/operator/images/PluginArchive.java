package io.vdi.operator.images;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The kubectl plugin as a tar archive: a Java runtime, the jars and an AOT cache, which is recorded
 * while the doctor checks a cluster and makes the plugin start fast; for another architecture than
 * this machine's there is none. Users install it by unpacking it and adding its directory {@code
 * bin} to the PATH.
 */
record PluginArchive(Path checkout, Platform platform) implements Images.Recipe {
  private static final String NAME = "kubectl-vdi";
  private static final String MAIN = "io.vdi.operator.cli.Main";

  private static final Pattern SIGNATURE = Pattern.compile(".*\\.(SF|RSA|DSA|EC)");

  /** Runs are short, so the second compiler (C2) would cost more than it saves. */
  private static final List<String> FLAGS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:-UsePerfData",
          "--enable-native-access=ALL-UNNAMED");

  @Override
  public String fingerprint() {
    StringBuilder all =
        new StringBuilder(platform.java().toString()).append(FLAGS).append(launcher());
    for (Path jar : jars()) {
      all.append(Stage.digest(jar));
    }
    return Hashes.sha256(all.toString(), 12);
  }

  @Override
  public Duration usual() {
    return Duration.ofSeconds(20);
  }

  @Override
  public void describe(Path archive, Path file) {
    Path libraries = checkout.resolve("cli/target/bom.json");
    Sbom.write(file, NAME, Optional.of(libraries), List.of(platform.javaComponent()));
  }

  @Override
  public void make(Path archive) throws IOException {
    Path work = Files.createTempDirectory("vdi-plugin-");
    try {
      Path root = Files.createDirectory(work.resolve(NAME));
      Path lib = Files.createDirectory(root.resolve("lib"));
      for (Path jar : jars()) {
        unsign(Files.copy(jar, lib.resolve(jar.getFileName())));
      }
      Command.run(List.of("cp", "-a", platform.java().toString(), root.resolve("java").toString()));
      Path bin = Files.createDirectory(root.resolve("bin"));
      script(bin.resolve(NAME), launcher());
      script(bin.resolve("kubectl_complete-vdi"), COMPLETE);
      Platform.setTimes(root);
      if (platform.architecture().isOfHost()) {
        record(root);
        Platform.setTimes(root);
      }
      Command.run(
          List.of(
              "tar",
              "--create",
              "--file=" + archive,
              "--sort=name",
              "--owner=0",
              "--group=0",
              "--numeric-owner",
              "--directory=" + work,
              NAME));
    } finally {
      FileTree.delete(work);
    }
  }

  private List<Path> jars() {
    return OperatorProcess.jars(checkout.resolve("cli/target"), checkout.resolve("cli"));
  }

  /**
   * The class path, which must be the same when the AOT cache is recorded and used, except for the
   * directory.
   */
  private String classPath(String root) {
    return jars().stream()
        .map(jar -> root + "/lib/" + jar.getFileName())
        .collect(Collectors.joining(":"));
  }

  private String launcher() {
    return """
    #!/bin/sh
    # kubectl vdi: kubectl finds this program on the PATH.
    program=$0
    while [ -h "$program" ]; do
      link=$(readlink "$program")
      case $link in
        /*) program=$link ;;
        *) program=${program%%/*}/$link ;;
      esac
    done
    case $program in
      */*) home=${program%%/*}/.. ;;
      *) home=.. ;;
    esac
    exec "$home/java/bin/java" %s%s $VDI_JAVA_OPTIONS -cp "%s" %s "$@"
    """
        .formatted(
            String.join(" ", FLAGS),
            platform.architecture().isOfHost()
                ? " -XX:AOTCache=\"$home/lib/%s.aot\"".formatted(NAME)
                : "",
            classPath("$home"),
            MAIN);
  }

  /** The program that kubectl runs for completions of the plugin's arguments. */
  private static final String COMPLETE =
      """
      #!/bin/sh
      exec kubectl-vdi __complete "$@"
      """;

  /**
   * Removes the signatures of a jar. An AOT cache contains no classes of signed jars, and verifying
   * the first one takes 0.1 s. Users verify the archive as a whole instead.
   */
  private static void unsign(Path jar) throws IOException {
    try (FileSystem zip = FileSystems.newFileSystem(jar);
        Stream<Path> files = Files.list(zip.getPath("META-INF"))) {
      for (Path file : files.toList()) {
        if (SIGNATURE.matcher(file.getFileName().toString()).matches()) {
          Files.delete(file);
        }
      }
    }
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Records the AOT cache while the plugin checks a cluster with a session. */
  private void record(Path root) throws IOException {
    Progress.say("recording the AOT cache of " + NAME);
    Path clusterFolder = Files.createTempDirectory("vdi-training-");
    try (EmbeddedCluster cluster =
        EmbeddedCluster.start(clusterFolder, new SimulatedNodes.Spec(1, 8, 8))) {
      new ChartInstaller(
              cluster, checkout.resolve("charts/vdi-operator"), OperatorService.NAMESPACE)
          .installController();
      KubeClient api = cluster.connect();
      Manifests.apply(
          api,
          """
          apiVersion: vdi.kasm.io/v1alpha1
          kind: VDITemplate
          metadata: {name: training}
          spec: {image: desktop}
          ---
          apiVersion: vdi.kasm.io/v1alpha1
          kind: VDISession
          metadata: {name: training, namespace: default}
          spec: {user: user@example.com, template: training}
          """);
      api.close();
      List<String> command = new ArrayList<>();
      command.add(root.resolve("java/bin/java").toString());
      command.addAll(FLAGS);
      command.add("-XX:AOTCacheOutput=" + root.resolve("lib/" + NAME + ".aot"));
      command.addAll(List.of("-cp", classPath(root.toString()), MAIN, "__train"));
      Command.run(command, Map.of("KUBECONFIG", cluster.kubeconfig().toString()));
    }
    if (!Files.exists(root.resolve("lib/" + NAME + ".aot"))) {
      throw new ClusterException("the AOT cache of " + NAME + " was not written");
    }
  }
}
