package io.vdi.operator.e2e.images;

import static io.vdi.operator.e2e.images.ElfFile.AARCH64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.images.Images;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The image of a service for arm64 is read. Nothing of it runs: this machine has no arm64. */
@Order(1)
class Arm64IT {
  private static final int GZIP_MAGIC = 0x1f;

  private static final List<String> CONFIGS = new ArrayList<>();
  private static final Map<String, ElfFile> PROGRAMS = new TreeMap<>();
  private static final List<String> NAMES = new ArrayList<>();

  @BeforeAll
  static void readTheImage() throws IOException {
    assumeTrue(Files.exists(Path.of("/usr/bin/apt-get")), "the JDK for arm64 is Debian's");
    Path checkout = Path.of("..").toAbsolutePath().normalize();
    Path archive = Images.of(checkout, Architecture.ARM64).provide("reaper");
    try (TarArchiveInputStream image =
        new TarArchiveInputStream(new BufferedInputStream(Files.newInputStream(archive)))) {
      for (TarArchiveEntry blob = image.getNextEntry(); blob != null; blob = image.getNextEntry()) {
        BufferedInputStream content = new BufferedInputStream(image);
        content.mark(1);
        boolean layer = content.read() == GZIP_MAGIC;
        content.reset();
        if (layer) {
          readLayer(new TarArchiveInputStream(new GZIPInputStream(content)));
        } else {
          String text = new String(content.readAllBytes(), StandardCharsets.UTF_8);
          if (text.contains("\"rootfs\"")) {
            CONFIGS.add(text);
          }
        }
      }
    }
  }

  private static void readLayer(TarArchiveInputStream files) throws IOException {
    for (TarArchiveEntry file = files.getNextEntry(); file != null; file = files.getNextEntry()) {
      NAMES.add(file.getName());
      byte[] content = files.readAllBytes();
      if (ElfFile.isElf(content)) {
        PROGRAMS.put(file.getName(), ElfFile.read(content));
      }
    }
  }

  @Test
  void theConfigNamesTheArchitecture() {
    assertThat(CONFIGS)
        .singleElement()
        .asString()
        .contains("\"architecture\":\"arm64\"", "\"os\":\"linux\"");
  }

  @Test
  void allProgramsAndLibrariesAreForIt() {
    assertThat(PROGRAMS)
        .containsKeys("opt/java/bin/java", "opt/java/lib/server/libjvm.so")
        .containsKey("lib/ld-linux-aarch64.so.1");
    PROGRAMS.forEach((name, program) -> assertThat(program.machine()).as(name).isEqualTo(AARCH64));
  }

  @Test
  void theImageHasAllLibrariesThatItsProgramsLoad() {
    List<String> libraries =
        PROGRAMS.keySet().stream().map(name -> name.substring(name.lastIndexOf('/') + 1)).toList();
    PROGRAMS.forEach(
        (name, program) -> assertThat(libraries).as(name).containsAll(program.needed()));
    assertThat(PROGRAMS.get("opt/java/bin/java").needed()).contains("libc.so.6");
  }

  @Test
  void thereIsNoAotCache() {
    assertThat(NAMES).contains("app/reaper.jar").noneMatch(name -> name.endsWith(".aot"));
  }
}
