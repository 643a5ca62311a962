package io.vdi.operator.devcluster.build;

import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.LockFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Build results that outlive the checkout, so that a second checkout, or {@code make clean}, does
 * not build them again. Each is a directory {@code <name>-<key>}.
 *
 * @param directory of the cache; created when needed
 */
public record BuildCache(Path directory) {
  /** Builds one result. */
  @FunctionalInterface
  public interface Recipe {
    /**
     * @param work an empty directory that is deleted afterwards
     * @param out an empty directory for the result
     */
    void make(Path work, Path out) throws IOException, InterruptedException;
  }

  /**
   * The cache of this user: in the directory of environment variable {@code VDI_CACHE}, or else in
   * {@code $XDG_CACHE_HOME/vdi-operator}, or else in {@code ~/.cache/vdi-operator}.
   */
  public static BuildCache ofUser() {
    String own = System.getenv("VDI_CACHE");
    String xdg = System.getenv("XDG_CACHE_HOME");
    return new BuildCache(
        own != null && !own.isBlank()
            ? Path.of(own)
            : (xdg != null && !xdg.isBlank()
                    ? Path.of(xdg)
                    : Path.of(System.getProperty("user.home"), ".cache"))
                .resolve("vdi-operator"));
  }

  /**
   * The directory with a result, which is built if it is missing. Concurrent callers, also in other
   * processes, wait for one of them to build it. A recipe that fails leaves nothing behind and runs
   * again for the next caller.
   *
   * @param key changes with everything that the result depends on
   */
  public Path provide(String name, String key, Recipe recipe) {
    Path target = directory.resolve(name + "-" + key);
    if (Files.exists(target)) {
      return target;
    }
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new ClusterException("cannot create " + directory + ": " + e, e);
    }
    return LockFile.hold(
        directory.resolve(name + ".lock"),
        () -> Files.exists(target) ? target : make(name, target, recipe));
  }

  private Path make(String name, Path target, Recipe recipe) {
    try {
      Path temporary = Files.createTempDirectory(directory, name + "-build-");
      try {
        Path out = Files.createDirectory(temporary.resolve("out"));
        recipe.make(Files.createDirectory(temporary.resolve("work")), out);
        return Files.move(out, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        FileTree.delete(temporary);
      }
    } catch (IOException e) {
      throw new ClusterException("cannot build " + name + " in " + directory + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClusterException("interrupted while building " + name, e);
    }
  }
}
