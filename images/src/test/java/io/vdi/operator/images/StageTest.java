package io.vdi.operator.images;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.devcluster.operator.OperatorService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StageTest {
  @TempDir private Path folder;
  private Path target;

  @BeforeEach
  void packagedService() throws IOException {
    target = Files.createDirectories(folder.resolve("checkout/reaper/target"));
    Files.writeString(target.resolve("reaper.jar"), "service");
    Files.createDirectory(target.resolve("lib"));
    Files.writeString(target.resolve("lib/b.jar"), "library b");
    Files.writeString(target.resolve("lib/a.jar"), "library a");
  }

  @Test
  void theFilesHaveTheStructureOfTheImage() throws IOException {
    Stage stage = stage("java-1");
    assertThat(stage.own().resolve("reaper.jar")).hasContent("service");
    assertThat(stage.libraries().resolve("a.jar")).hasContent("library a");
    assertThat(stage.own().resolve("jvm.options"))
        .content()
        .contains("-XX:AOTCache=/app/aot/reaper.aot\n")
        .endsWith("-cp /app/reaper.jar:/app/lib/a.jar:/app/lib/b.jar\n");
    assertThat(Files.getLastModifiedTime(stage.own().resolve("reaper.jar")).toInstant())
        .as("the JVM rejects an AOT cache if the times of the jars differ")
        .isEqualTo(Oci.TIME);
  }

  @Test
  void filesOfAnEarlierBuildAreDeleted() throws IOException {
    stage("java-1");
    Files.delete(target.resolve("lib/b.jar"));
    assertThat(stage("java-1").libraries()).isDirectoryNotContaining("glob:**/b.jar");
  }

  @Test
  void theFingerprintDependsOnContentAndNotOnTimes() throws IOException {
    String before = stage("java-1").fingerprint("base");
    Files.writeString(target.resolve("lib/b.jar"), "library b");
    assertThat(stage("java-1").fingerprint("base")).isEqualTo(before);
  }

  @Test
  void theFingerprintChangesWithEveryInput() throws IOException {
    String before = stage("java-1").fingerprint("base");
    assertThat(stage("java-1").fingerprint("other base")).isNotEqualTo(before);
    assertThat(stage("java-2").fingerprint("base")).isNotEqualTo(before);
    Files.writeString(target.resolve("lib/b.jar"), "library c");
    String changed = stage("java-1").fingerprint("base");
    assertThat(changed).isNotEqualTo(before);
    Files.move(target.resolve("lib/b.jar"), target.resolve("lib/c.jar"));
    assertThat(stage("java-1").fingerprint("base")).isNotIn(before, changed);
  }

  @Test
  void withoutAnAotCacheTheJvmOptionsNameNone() {
    assertThat(stage("java-1", false).own().resolve("jvm.options"))
        .content()
        .doesNotContain("AOTCache")
        .endsWith("\n-cp /app/reaper.jar:/app/lib/a.jar:/app/lib/b.jar\n");
  }

  private Stage stage(String java) {
    return stage(java, true);
  }

  private Stage stage(String java, boolean aot) {
    return Stage.of(
        OperatorService.REAPER,
        folder.resolve("checkout"),
        folder.resolve(java),
        aot,
        folder.resolve("stage"));
  }
}
