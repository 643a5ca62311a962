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
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/** Writes OCI archives. The same files make the same archive, whenever and wherever. */
final class Oci {
  /** The time of all files and images: what is in them tells their age, not the clock. */
  static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");

  private Oci() {}

  /** A layer with all that is in this folder, as owned by root. */
  static FileEntriesLayer layer(String name, Path folder, String target) throws IOException {
    return layer(name, folder, target, Integer.MAX_VALUE);
  }

  /** The same down to a depth; 1 leaves out what is in folders in it. */
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

  /** Writes the image under this name. */
  static void write(JibContainerBuilder image, String name, Path archive) throws IOException {
    // Jib takes layers of files of the same names and times for the same, and ours are all of the
    // same time: what
    // it keeps is for this image only.
    Path work = Files.createTempDirectory(archive.toAbsolutePath().getParent(), "layers-");
    try {
      image
          .setFormat(ImageFormat.OCI)
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
      throw new ClusterException("cannot make image " + name + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClusterException("interrupted while making image " + name, e);
    } finally {
      FileTree.delete(work);
    }
  }
}
