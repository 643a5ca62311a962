package io.vdi.operator.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {
  @TempDir private Path folder;
  private final FakeRecipe recipe = new FakeRecipe();
  private Images images;
  private Path cache;

  @BeforeEach
  void oneImage() {
    cache = folder.resolve("cache");
    images = new Images(folder.resolve("target"), cache, "", Map.of("tool", recipe));
  }

  @Test
  void theArchiveIsALinkIntoTheCache() throws IOException {
    Path archive = images.provide("tool");
    assertThat(archive).isEqualTo(folder.resolve("target/tool.tar"));
    assertThat(Files.readSymbolicLink(archive)).isEqualTo(cache.resolve("tool-000000000001.tar"));
    assertThat(archive).hasContent("build 1");
  }

  @Test
  void theSameInputsAreBuiltOnce() {
    images.provide("tool");
    assertThat(images.provide("tool")).hasContent("build 1");
  }

  @Test
  void changedInputsAreBuiltAgain() {
    images.provide("tool");
    recipe.fingerprint = "000000000002";
    assertThat(images.provide("tool")).hasContent("build 2");
  }

  @Test
  void theNewestFourVersionsAreKept() throws IOException {
    Path other = Files.createDirectories(cache).resolve("tool-other-00000000000x.tar");
    Files.writeString(other, "another image");
    for (int i = 1; i <= 6; i++) {
      recipe.fingerprint = "00000000000" + i;
      Path archive = images.provide("tool");
      Files.setLastModifiedTime(
          archive.toRealPath(), FileTime.from(Instant.now().minusSeconds(100 - i)));
    }
    assertThat(cached())
        .containsExactly(
            "tool-000000000003.tar",
            "tool-000000000004.tar",
            "tool-000000000005.tar",
            "tool-000000000006.tar",
            "tool-other-00000000000x.tar");
  }

  @Test
  void aFailedBuildIsNamedAndNotKept() {
    recipe.fails = true;
    assertThatThrownBy(() -> images.provide("tool"))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("cannot build image tool: ")
        .hasMessageContaining("disk full");
    assertThat(cache.resolve("tool-000000000001.tar")).doesNotExist();
  }

  @Test
  void imagesOfAnotherArchitectureHaveOwnFiles() throws IOException {
    images.provide("tool");
    Images other =
        new Images(folder.resolve("target/arm64"), cache, "-arm64", Map.of("tool", recipe));
    Path archive = other.provide("tool");
    assertThat(archive).isEqualTo(folder.resolve("target/arm64/tool.tar")).hasContent("build 2");
    assertThat(cached()).containsExactly("tool-000000000001.tar", "tool-arm64-000000000001.tar");
  }

  @Test
  void theSbomIsBesideTheArchive() {
    assertThat(images.describe("tool"))
        .isEqualTo(folder.resolve("target/tool.cdx.json"))
        .hasContent("SBOM of tool.tar");
  }

  @Test
  void anUnknownNameIsRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> images.provide("toll"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no image \"toll\"; the images are [tool]");
  }

  private List<String> cached() throws IOException {
    try (Stream<Path> files = Files.list(cache)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static final class FakeRecipe implements Images.Recipe {
    private String fingerprint = "000000000001";
    private boolean fails;
    private int builds;

    @Override
    public String fingerprint() {
      return fingerprint;
    }

    @Override
    public Duration usual() {
      return Duration.ZERO;
    }

    @Override
    public void make(Path archive) throws IOException {
      if (fails) {
        throw new IOException("disk full");
      }
      builds++;
      Files.writeString(archive, "build " + builds);
    }

    @Override
    public void describe(Path archive, Path file) {
      try {
        Files.writeString(file, "SBOM of " + archive.getFileName());
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }
}
