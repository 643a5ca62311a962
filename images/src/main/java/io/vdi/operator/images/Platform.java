package io.vdi.operator.images;

import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;

/**
 * What all services run on: the modules of this JDK that they use, and the C library from Debian's
 * package. Kept in the cache, by version.
 *
 * @param cache where
 */
record Platform(Path cache) {
  private static final String MODULES =
      "java.base,java.logging,java.management,java.naming,java.net.http,java.security.sasl,java.sql,"
          + "java.xml,jdk.crypto.cryptoki,jdk.management,jdk.unsupported";

  /** The folder with the Java runtime. */
  Path java() {
    Path home = Path.of(System.getProperty("java.home"));
    String version = System.getProperty("java.vm.vendor") + System.getProperty("java.vm.version");
    return kept(
        "java-" + Hashes.sha256(version + MODULES, 12),
        fresh -> {
          Progress.say("linking the Java runtime of the images");
          Command.run(
              List.of(
                  home.resolve("bin/jlink").toString(),
                  "--add-modules=" + MODULES,
                  "--strip-debug",
                  "--no-header-files",
                  "--no-man-pages",
                  "--output=" + fresh));
        });
  }

  /** The folder with the C library, laid out as on a Debian system. */
  Path libc() {
    String newest = DebianPackage.version("libc6");
    return kept(
        "libc6-" + Hashes.sha256(newest, 12),
        fresh -> {
          Path all = Files.createTempDirectory(cache, "libc6-");
          DebianPackage.extract("libc6", all);
          Path libraries = Path.of("lib/x86_64-linux-gnu");
          Path loader = Path.of("ld-linux-x86-64.so.2");
          try (Stream<Path> found = Files.list(all.resolve(libraries))) {
            for (Path file : found.filter(f -> f.toString().contains(".so")).toList()) {
              copy(file, fresh.resolve(libraries).resolve(file.getFileName()));
            }
          }
          copy(all.resolve(libraries).resolve(loader), fresh.resolve("lib64").resolve(loader));
          Path licence = Path.of("usr/share/doc/libc6/copyright");
          copy(all.resolve(licence), fresh.resolve(licence));
          Path etc = Files.createDirectories(fresh.resolve("etc"));
          Files.writeString(
              etc.resolve("passwd"), "nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n");
          Files.writeString(etc.resolve("group"), "nonroot:x:65532:\n");
          Files.writeString(etc.resolve("nsswitch.conf"), "hosts: files dns\n");
          FileTree.delete(all);
        });
  }

  private interface Recipe {
    void make(Path fresh) throws IOException;
  }

  private Path kept(String name, Recipe recipe) {
    Path folder = cache.resolve(name);
    if (Files.exists(folder)) {
      return folder;
    }
    Path fresh = folder.resolveSibling(name + "." + ProcessHandle.current().pid());
    try {
      Files.createDirectories(cache);
      recipe.make(fresh);
      setTimes(fresh);
      return Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new ClusterException("cannot make " + folder + ": " + e, e);
    }
  }

  /** An AOT cache is good for files of the times that it was recorded with. */
  static void setTimes(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path :
          paths.filter(p -> Files.isRegularFile(p, LinkOption.NOFOLLOW_LINKS)).toList()) {
        Files.setLastModifiedTime(path, FileTime.from(Oci.TIME));
      }
    }
  }

  private static void copy(Path file, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
  }
}
