package io.vdi.operator.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FileEntry;
import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OciTest {
  @TempDir private Path folder;

  @Test
  void aLayerHasTheRegularFilesWithFixedTimesAndModes() throws IOException {
    Path root = tree("root");
    Files.createSymbolicLink(root.resolve("link"), root.resolve("file"));
    FileEntriesLayer layer = Oci.layer("name", root, "/app");
    assertThat(layer.getName()).isEqualTo("name");
    assertThat(layer.getEntries())
        .extracting(
            entry -> entry.getExtractionPath().toString(),
            entry -> entry.getPermissions().toOctalString(),
            FileEntry::getModificationTime)
        .containsExactly(
            tuple("/app/bin/program", "755", Oci.TIME), tuple("/app/file", "644", Oci.TIME));
  }

  @Test
  void depthOneOmitsSubdirectories() throws IOException {
    assertThat(Oci.layer("name", tree("root"), "/app", 1).getEntries())
        .extracting(entry -> entry.getExtractionPath().toString())
        .containsExactly("/app/file");
  }

  @Test
  void theSameFilesResultInTheSameArchive() throws IOException {
    Path first = image(tree("a"));
    Path second = image(tree("b"));
    assertThat(second).hasSameBinaryContentAs(first);
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).as("no directories of layers are left").hasSize(4);
    }
  }

  @Test
  void filesOfTheSameSizeAndTimeAreNotMixedUp() throws IOException {
    Path first = tree("a");
    Path second = tree("b");
    Files.writeString(second.resolve("file"), "CONTENT");
    assertThat(Files.readAllBytes(image(first))).isNotEqualTo(Files.readAllBytes(image(second)));
  }

  @Test
  void theImageIsForTheGivenArchitecture() throws IOException {
    Path archive = image(tree("a"));
    List<String> configs = new ArrayList<>();
    try (TarArchiveInputStream tar = new TarArchiveInputStream(Files.newInputStream(archive))) {
      for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        String text = new String(tar.readAllBytes(), StandardCharsets.UTF_8);
        if (text.contains("\"rootfs\"")) {
          configs.add(text);
        }
      }
    }
    assertThat(configs)
        .singleElement()
        .asString()
        .contains("\"architecture\":\"arm64\"", "\"os\":\"linux\"");
  }

  @Test
  void aNameThatIsNotLegalIsAnError() {
    assertThatThrownBy(() ->
            Oci.write(Jib.fromScratch(), Architecture.ARM64, "Not Legal", folder.resolve("x.tar")))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("cannot build image Not Legal: ");
  }

  private Path image(Path root) throws IOException {
    Path archive = folder.resolve(root.getFileName() + ".tar");
    Oci.write(
        Jib.fromScratch().addFileEntriesLayer(Oci.layer("files", root, "/")),
        Architecture.ARM64,
        "localhost/test:1",
        archive);
    return archive;
  }

  /** With times of now, which the archive must not contain. */
  private Path tree(String name) throws IOException {
    Path root = folder.resolve(name);
    Path program = Files.createDirectories(root.resolve("bin")).resolve("program");
    Files.writeString(program, "#!/bin/sh\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path file = Files.writeString(root.resolve("file"), "content");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    return root;
  }
}
