package io.vdi.operator.images;

import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Debian's packages as files: nothing is installed, and nobody needs to be root. */
final class DebianPackage {
  private DebianPackage() {}

  /** The version that would be downloaded. */
  static String version(String name) {
    return Command.run(List.of("apt-cache", "policy", name))
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith("Candidate:"))
        .map(line -> line.substring("Candidate:".length()).strip())
        .findFirst()
        .orElseThrow(() ->
            new ClusterException(
                "apt knows no package "
                    + name
                    + ": the images' base comes from Debian; set BASE_IMAGE to use another"));
  }

  /** Downloads it and lays its files out in this folder. */
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
