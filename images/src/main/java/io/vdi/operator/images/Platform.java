package io.vdi.operator.images;

import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.devcluster.build.BuildCache;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The files below the services in an image: a Java runtime with the JDK modules that they use, and
 * the C library from Debian's package. The cache keeps one of each per version.
 *
 * <p>For the architecture of this machine, the runtime is linked from the JDK that runs this. For
 * another one it is linked from Debian's JDK of that architecture, or from the JDK in the directory
 * that environment variable {@code TARGET_JDK} names. This machine cannot run it, so it has no AOT
 * cache.
 */
final class Platform {
  /** The environment variable with the directory of a JDK 25 for the platform, with jmods. */
  static final String TARGET_JDK = "TARGET_JDK";

  private static final String MODULES =
      "java.base,java.logging,java.management,java.naming,java.net.http,java.security.sasl,java.sql,"
          + "java.xml,jdk.crypto.cryptoki,jdk.management,jdk.unsupported";

  /** Debian's JDK; its packages of the runtime alone lack the modules to link from. */
  private static final String JDK = "openjdk-25-jdk-headless";

  private static final String LIBC = "libc6";

  /** What Debian's JDK requires in addition, and their licences. Other JDKs contain these. */
  private static final List<String> LIBRARIES =
      List.of("zlib1g", "libgcc-s1", "libstdc++6", "gcc-14-base");

  private final BuildCache cache;
  private final Architecture architecture;
  private final Optional<Path> jdk;
  private Optional<DebianPackage> packages = Optional.empty();

  /**
   * @param jdk instead of Debian's, for an architecture other than this machine's
   */
  Platform(BuildCache cache, Architecture architecture, Optional<Path> jdk) {
    this.cache = cache;
    this.architecture = architecture;
    this.jdk = jdk;
  }

  Architecture architecture() {
    return architecture;
  }

  /** The directory with the Java runtime. */
  Path java() {
    if (architecture.isOfHost()) {
      String version = System.getProperty("java.vm.vendor") + System.getProperty("java.vm.version");
      return cache.provide(
          "java",
          Hashes.sha256(version + MODULES, 12),
          (work, out) -> link(out, List.of("--strip-debug")));
    }
    return cache.provide(
        "java-" + architecture.id(),
        Hashes.sha256(jdk.map(Path::toString).orElse("") + javaComponent().version() + MODULES, 12),
        (work, out) -> {
          if (jdk.isEmpty()) {
            Progress.say("downloading " + JDK + " for " + architecture.id() + ": 300 MB");
            packages().extract(JDK, work);
          }
          Path home = jdk.orElse(work.resolve("usr/lib/jvm/java-25-openjdk-" + architecture.id()));
          // The native libraries are not stripped, because this machine's objcopy cannot read them.
          link(
              out,
              List.of(
                  "--module-path=" + home.resolve("jmods"),
                  "--strip-java-debug-attributes",
                  "--exclude-files=glob:**.debuginfo"));
        });
  }

  private static void link(Path out, List<String> more) throws IOException {
    Progress.say("linking the Java runtime of the images");
    // jlink creates the directory and fails if it exists.
    Files.delete(out);
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/jlink").toString(),
                "--add-modules=" + MODULES,
                "--no-header-files",
                "--no-man-pages",
                "--output=" + out));
    command.addAll(more);
    Command.run(command);
    setTimes(out);
  }

  /** The Java runtime in an SBOM. */
  Sbom.Component javaComponent() {
    if (architecture.isOfHost()) {
      return temurin(System.getProperty("java.vm.version"));
    }
    return jdk.map(home -> temurin(releaseOf(home)))
        .orElseGet(() -> Sbom.debian(JDK, packages().version(JDK)));
  }

  private static Sbom.Component temurin(String version) {
    return new Sbom.Component("temurin", version, "pkg:generic/temurin@" + version);
  }

  private static String releaseOf(Path home) {
    Properties release = new Properties();
    try (var file = Files.newBufferedReader(home.resolve("release"))) {
      release.load(file);
    } catch (IOException e) {
      throw new ClusterException(TARGET_JDK + " " + home + " is not a JDK: " + e, e);
    }
    return release.getProperty("JAVA_RUNTIME_VERSION", "unknown").replace("\"", "");
  }

  /** The C library, and what the Java runtime requires in addition, in an SBOM. */
  List<Sbom.Component> libcComponents() {
    return libcPackages().stream()
        .map(name -> Sbom.debian(name, packages().version(name)))
        .toList();
  }

  private List<String> libcPackages() {
    if (architecture.isOfHost()) {
      return List.of(LIBC);
    }
    return Stream.concat(Stream.of(LIBC), LIBRARIES.stream()).toList();
  }

  /** The directory with the C library, with the paths of a Debian system. */
  Path libc() {
    StringBuilder versions = new StringBuilder();
    libcPackages().forEach(name -> versions.append(packages().version(name)));
    return cache.provide(
        architecture.isOfHost() ? LIBC : LIBC + "-" + architecture.id(),
        Hashes.sha256(versions.toString(), 12),
        (work, out) -> {
          for (String name : libcPackages()) {
            packages().extract(name, work);
          }
          for (String name : libcPackages()) {
            Path licence = Path.of("usr/share/doc", name, "copyright");
            copy(work.resolve(licence), out.resolve(licence));
          }
          Path target = Path.of("lib", architecture.triplet());
          // Since Debian 13, all libraries are in /usr.
          Path libraries =
              Stream.of(work.resolve(target), work.resolve("usr").resolve(target))
                  .filter(Files::isDirectory)
                  .findFirst()
                  .orElseThrow();
          for (Path file : libraries(libraries)) {
            copy(file, out.resolve(target).resolve(file.getFileName()));
          }
          Path loader = Path.of(architecture.loader());
          copy(libraries.resolve(loader.getFileName()), out.resolve(loader));
          Path etc = Files.createDirectories(out.resolve("etc"));
          Files.writeString(
              etc.resolve("passwd"), "nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n");
          Files.writeString(etc.resolve("group"), "nonroot:x:65532:\n");
          Files.writeString(etc.resolve("nsswitch.conf"), "hosts: files dns\n");
          setTimes(out);
        });
  }

  /** The shared libraries. Of a file with links to it only the links, which programs load. */
  private static List<Path> libraries(Path folder) throws IOException {
    Set<Path> linked = new HashSet<>();
    List<Path> files;
    try (Stream<Path> found = Files.list(folder)) {
      files = found.filter(file -> file.toString().contains(".so")).sorted().toList();
    }
    for (Path file : files) {
      if (Files.isSymbolicLink(file)) {
        linked.add(folder.resolve(Files.readSymbolicLink(file)));
      }
    }
    return files.stream().filter(file -> !linked.contains(file)).toList();
  }

  private DebianPackage packages() {
    DebianPackage found =
        packages.orElseGet(() ->
            architecture.isOfHost()
                ? DebianPackage.ofHost()
                : DebianPackage.of(
                    architecture, cache.directory().resolve("apt-" + architecture.id())));
    packages = Optional.of(found);
    return found;
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
