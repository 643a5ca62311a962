package io.vdi.operator.images;

import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The files of Debian packages. Installs nothing and does not require root. */
final class DebianPackage {
  private DebianPackage() {}

  /**
   * The version that {@link #extract} downloads.
   *
   * @throws ClusterException if apt does not know the package
   */
  static String version(String name) {
    return Command.run(List.of("apt-cache", "policy", name))
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
  static void extract(String name, Path folder) throws IOException {
    Path download = Files.createDirectories(folder.resolve("download"));
    Command.run(
        List.of(
            "sh",
            "-c",
            "cd \"$1\" && apt-get download --quiet \"$2\"",
            "sh",
            download.toString(),
            name));
    try (Stream<Path> files = Files.list(download)) {
      Path archive = files.findFirst().orElseThrow();
      Command.run(List.of("dpkg-deb", "--extract", archive.toString(), folder.toString()));
    }
  }
}
