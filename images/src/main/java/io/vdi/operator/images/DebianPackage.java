package io.vdi.operator.images;

import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The files of Debian packages. Installs nothing and does not require root.
 *
 * @param environment of apt: the sources of packages
 */
record DebianPackage(Map<String, String> environment) {
  /** The packages of this machine's release and architecture. */
  static DebianPackage ofHost() {
    return new DebianPackage(Map.of());
  }

  /**
   * The packages of another architecture. They are of Debian 13, the first release with Java 25.
   * Downloads the lists of packages; without network, those of an earlier build are used.
   *
   * @param folder for the lists; nothing outside of it changes
   */
  static DebianPackage of(Architecture architecture, Path folder) {
    Path config = folder.resolve("apt.conf");
    try {
      Files.createDirectories(folder.resolve("lists/partial"));
      Files.createDirectories(folder.resolve("cache/archives/partial"));
      Files.writeString(folder.resolve("status"), "");
      Files.writeString(
          folder.resolve("sources.list"),
          "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
              + " http://deb.debian.org/debian trixie main\n");
      Files.writeString(
          config,
          """
          Dir::State::lists "%1$s/lists";
          Dir::State::status "%1$s/status";
          Dir::Cache "%1$s/cache";
          Dir::Etc::sourcelist "%1$s/sources.list";
          Dir::Etc::sourceparts "-";
          APT::Architecture "%2$s";
          APT::Architectures { "%2$s"; };
          Acquire::Languages "none";
          """
              .formatted(folder, architecture.id()));
    } catch (IOException e) {
      throw new ClusterException("cannot write " + folder + ": " + e, e);
    }
    Map<String, String> environment = Map.of("APT_CONFIG", config.toString());
    try {
      Command.run(List.of("apt-get", "update", "--quiet"), environment);
    } catch (ClusterException e) {
      Progress.say("using the package lists of an earlier build: " + e.getMessage());
    }
    return new DebianPackage(environment);
  }

  /**
   * The version that {@link #extract} downloads.
   *
   * @throws ClusterException if apt does not know the package
   */
  String version(String name) {
    return Command.run(List.of("apt-cache", "policy", name), environment)
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith("Candidate:"))
        .map(line -> line.substring("Candidate:".length()).strip())
        .findFirst()
        .orElseThrow(() ->
            new ClusterException(
                "apt does not know package "
                    + name
                    + ", from which the base of the images is made: run apt-get update, or set"
                    + " BASE_IMAGE to use another base"));
  }

  /** Downloads the package and extracts its files into this directory. */
  void extract(String name, Path folder) throws IOException {
    Path download = Files.createDirectories(folder.resolve("download-" + name));
    Command.run(
        List.of(
            "sh",
            "-c",
            "cd \"$1\" && apt-get download --quiet \"$2\"",
            "sh",
            download.toString(),
            name),
        environment);
    try (Stream<Path> files = Files.list(download)) {
      Path archive = files.findFirst().orElseThrow();
      Command.run(List.of("dpkg-deb", "--extract", archive.toString(), folder.toString()));
    }
  }
}
