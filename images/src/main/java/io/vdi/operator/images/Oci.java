package io.vdi.operator.images;

import com.google.cloud.tools.jib.api.CacheDirectoryCreationException;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.RegistryException;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/** Writes OCI archives. The same files result in the same archive. */
final class Oci {
  /** The time of all files and images, so that archives do not depend on the time of the build. */
  static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");

  private Oci() {}

  /** A layer with everything in this directory, owned by root. */
  static FileEntriesLayer layer(String name, Path folder, String target) throws IOException {
    return layer(name, folder, target, Integer.MAX_VALUE);
  }

  /** The same down to a depth; depth 1 omits subdirectories. */
  static FileEntriesLayer layer(String name, Path folder, String target, int depth)
      throws IOException {
    FileEntriesLayer.Builder layer = FileEntriesLayer.builder().setName(name);
    try (Stream<Path> paths = Files.walk(folder, depth)) {
      for (Path path : paths.sorted().toList()) {
        if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          layer.addEntry(
              path,
              AbsoluteUnixPath.get(target).resolve(folder.relativize(path)),
              FilePermissions.fromOctalString(Files.isExecutable(path) ? "755" : "644"),
              TIME);
        }
      }
    }
    return layer.build();
  }

  /** Writes the image, with this name, to an archive. */
  static void write(JibContainerBuilder image, Architecture architecture, String name, Path archive)
      throws IOException {
    // Jib treats two layers with the same paths and times as equal, and all our files have the same
    // time. So each image starts with an empty layer cache.
    Path work = Files.createTempDirectory(archive.toAbsolutePath().getParent(), "layers-");
    try {
      image
          .setFormat(ImageFormat.OCI)
          .setPlatforms(
              Set.of(
                  new com.google.cloud.tools.jib.api.buildplan.Platform(
                      architecture.id(), "linux")))
          .setCreationTime(TIME)
          .containerize(
              Containerizer.to(TarImage.at(archive).named(name))
                  .setApplicationLayersCache(work)
                  .setBaseImageLayersCache(work)
                  .setToolName("vdi-operator"));
    } catch (InvalidImageReferenceException
        | CacheDirectoryCreationException
        | RegistryException
        | ExecutionException e) {
      throw new ClusterException("cannot build image " + name + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClusterException("interrupted while building image " + name, e);
    } finally {
      FileTree.delete(work);
    }
  }
}
