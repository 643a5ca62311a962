package io.vdi.operator.images;

import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.build.BuildCache;
import io.vdi.operator.devcluster.process.Command;
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
 * The files below the services in an image: a Java runtime with the JDK modules that they use, and
 * the C library from Debian's package. The cache keeps one of each per version.
 */
record Platform(BuildCache cache) {
  private static final String MODULES =
      "java.base,java.logging,java.management,java.naming,java.net.http,java.security.sasl,java.sql,"
          + "java.xml,jdk.crypto.cryptoki,jdk.management,jdk.unsupported";

  /** The directory with the Java runtime. */
  Path java() {
    Path home = Path.of(System.getProperty("java.home"));
    String version = System.getProperty("java.vm.vendor") + System.getProperty("java.vm.version");
    return cache.provide(
        "java",
        Hashes.sha256(version + MODULES, 12),
        (work, out) -> {
          Progress.say("linking the Java runtime of the images");
          // jlink creates the directory and fails if it exists.
          Files.delete(out);
          Command.run(
              List.of(
                  home.resolve("bin/jlink").toString(),
                  "--add-modules=" + MODULES,
                  "--strip-debug",
                  "--no-header-files",
                  "--no-man-pages",
                  "--output=" + out));
          setTimes(out);
        });
  }

  /** The directory with the C library, with the paths of a Debian system. */
  Path libc() {
    String newest = DebianPackage.version("libc6");
    return cache.provide(
        "libc6",
        Hashes.sha256(newest, 12),
        (work, out) -> {
          DebianPackage.extract("libc6", work);
          Path libraries = Path.of("lib/x86_64-linux-gnu");
          Path loader = Path.of("ld-linux-x86-64.so.2");
          try (Stream<Path> found = Files.list(work.resolve(libraries))) {
            for (Path file : found.filter(f -> f.toString().contains(".so")).toList()) {
              copy(file, out.resolve(libraries).resolve(file.getFileName()));
            }
          }
          copy(work.resolve(libraries).resolve(loader), out.resolve("lib64").resolve(loader));
          Path licence = Path.of("usr/share/doc/libc6/copyright");
          copy(work.resolve(licence), out.resolve(licence));
          Path etc = Files.createDirectories(out.resolve("etc"));
          Files.writeString(
              etc.resolve("passwd"), "nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n");
          Files.writeString(etc.resolve("group"), "nonroot:x:65532:\n");
          Files.writeString(etc.resolve("nsswitch.conf"), "hosts: files dns\n");
          setTimes(out);
        });
  }

  /** Sets fixed times: the JVM rejects an AOT cache if the times of the jars have changed. */
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
