package io.vdi.operator.devcluster.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A directory with everything in it. */
public final class FileTree {
  private FileTree() {}

  /** A new directory for temporary files, which the caller deletes. */
  public static Path temporary(String prefix) {
    try {
      return Files.createTempDirectory(prefix);
    } catch (IOException e) {
      throw new ClusterException("cannot create a temporary directory: " + e, e);
    }
  }

  /**
   * Deletes a file, or a directory with everything in it. Does not follow symbolic links. A file
   * that cannot be deleted is reported and does not fail the caller, which is usually cleaning up.
   */
  public static void delete(Path root) {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      Progress.say("cannot delete " + root + ": " + e.getMessage());
    }
  }

  /**
   * Copies a directory with everything in it. The permissions are not copied: new files can be
   * changed.
   */
  public static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        Path copy = to.resolve(from.relativize(path));
        if (Files.isDirectory(path)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(path, copy);
        }
      }
    }
  }
}
