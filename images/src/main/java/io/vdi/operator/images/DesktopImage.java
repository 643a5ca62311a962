package io.vdi.operator.images;

import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.Port;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.devcluster.build.DebianPackages;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.Progress;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * The image of the desktop: {@code build.sh} in its directory makes the files, and this class packs
 * them. It exists for amd64 only, because {@code build.sh} runs programs of the image.
 */
record DesktopImage(Path folder) implements Images.Recipe {
  @Override
  public String fingerprint() {
    StringBuilder all = new StringBuilder(FullCluster.DESKTOP);
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file :
          files
              .filter(Files::isRegularFile)
              .filter(f -> !f.endsWith("README.md"))
              .sorted()
              .toList()) {
        all.append(folder.relativize(file)).append('\n').append(Files.readString(file));
      }
    } catch (IOException e) {
      throw new ClusterException("cannot read " + folder + ": " + e, e);
    }
    return Hashes.sha256(all.toString(), 12);
  }

  @Override
  public Duration usual() {
    return Duration.ofSeconds(150);
  }

  @Override
  public void describe(Path archive, Path file) {
    List<Sbom.Component> components = new ArrayList<>(Sbom.installed(archive));
    try {
      for (String line : Files.readAllLines(folder.resolve("requirements.txt"))) {
        if (!line.startsWith("#")) {
          // name==version --hash=sha256:...
          String[] pin = line.split(" ", 2)[0].split("==", 2);
          components.add(new Sbom.Component(pin[0], pin[1], "pkg:pypi/" + pin[0] + "@" + pin[1]));
        }
      }
    } catch (IOException e) {
      throw new ClusterException("cannot read " + folder + ": " + e, e);
    }
    Sbom.write(file, FullCluster.DESKTOP, Optional.empty(), components);
  }

  @Override
  public void make(Path archive) throws IOException {
    if (!DebianPackages.provide("mmdebstrap", Path.of("/usr/bin/mmdebstrap"))) {
      throw new ClusterException("the desktop image requires mmdebstrap");
    }
    Path files = archive.resolveSibling(archive.getFileName() + ".files.tar");
    Path base = archive.resolveSibling(archive.getFileName() + ".base.tar");
    try {
      Progress.say("installing packages for the desktop image: about 90 s");
      Command.run(List.of(folder.resolve("build.sh").toString(), files.toString()));
      wrap(files, base);
      Files.delete(files);
      Progress.say("packing the desktop image: about 60 s");
      Oci.write(
          Jib.from(TarImage.at(base))
              .setEntrypoint(List.of("/usr/local/bin/desktop-session"))
              .setUser("1000:1000")
              .setWorkingDirectory(AbsoluteUnixPath.get("/home/user"))
              .setExposedPorts(Port.tcp(8080))
              .setEnvironment(
                  Map.of(
                      "HOME", "/home/user",
                      "LANG", "C.UTF-8",
                      "PATH", "/opt/selkies/bin:/usr/local/bin:/usr/bin:/bin",
                      // With an NVIDIA GPU: it encodes video and renders.
                      "NVIDIA_DRIVER_CAPABILITIES", "all")),
          Architecture.AMD64,
          FullCluster.DESKTOP,
          archive);
    } finally {
      Files.deleteIfExists(files);
      Files.deleteIfExists(base);
    }
  }

  /** Writes an image with one layer in the format of docker save, which Jib reads as a base. */
  private static void wrap(Path layer, Path image) throws IOException {
    String config =
        """
        {"architecture": "amd64", "os": "linux", "config": {},
         "rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]}}
        """
            .formatted(new DigestUtils("SHA-256").digestAsHex(layer));
    try (TarArchiveOutputStream tar =
        new TarArchiveOutputStream(new BufferedOutputStream(Files.newOutputStream(image)))) {
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      add(tar, "manifest.json", "[{\"Config\": \"config.json\", \"Layers\": [\"layer.tar\"]}]");
      add(tar, "config.json", config);
      tar.putArchiveEntry(new TarArchiveEntry(layer.toFile(), "layer.tar"));
      Files.copy(layer, tar);
      tar.closeArchiveEntry();
    }
  }

  private static void add(TarArchiveOutputStream tar, String name, String content)
      throws IOException {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(bytes.length);
    tar.putArchiveEntry(entry);
    tar.write(bytes);
    tar.closeArchiveEntry();
  }
}
