package io.vdi.operator.devcluster.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildCacheTest {
  @TempDir private Path folder;
  private BuildCache cache;
  private final AtomicInteger builds = new AtomicInteger();

  @BeforeEach
  void cacheInADirectoryThatDoesNotExist() {
    cache = new BuildCache(folder.resolve("cache"));
  }

  @Test
  void theSameKeyIsBuiltOnce() {
    Path first = cache.provide("tool", "k1", this::build);
    Path second = cache.provide("tool", "k1", this::build);
    assertThat(first).isEqualTo(second).isEqualTo(folder.resolve("cache/tool-k1"));
    assertThat(first.resolve("program")).hasContent("build 1");
  }

  @Test
  void anotherKeyIsBuiltBesideTheFirst() {
    Path first = cache.provide("tool", "k1", this::build);
    Path second = cache.provide("tool", "k2", this::build);
    assertThat(first.resolve("program")).hasContent("build 1");
    assertThat(second.resolve("program")).hasContent("build 2");
  }

  @Test
  void aResultOfAnEarlierRunIsUsed() throws IOException {
    Path earlier = Files.createDirectories(folder.resolve("cache/tool-k1"));
    assertThat(cache.provide("tool", "k1", this::build)).isEqualTo(earlier);
    assertThat(builds).hasValue(0);
  }

  @Test
  void aFailedRecipeLeavesNothingAndIsTriedAgain() {
    assertThatThrownBy(() ->
            cache.provide(
                "tool",
                "k1",
                (work, out) -> {
                  Files.writeString(out.resolve("program"), "half");
                  throw new IOException("disk full");
                }))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("cannot build tool in " + folder.resolve("cache"))
        .hasMessageEndingWith("disk full");
    assertThat(content()).containsExactly("tool.lock");
    assertThat(cache.provide("tool", "k1", this::build).resolve("program")).hasContent("build 1");
  }

  @Test
  void anInterruptedRecipeKeepsTheInterrupt() {
    assertThatThrownBy(() ->
            cache.provide(
                "tool",
                "k1",
                (work, out) -> {
                  throw new InterruptedException();
                }))
        .isInstanceOf(ClusterException.class)
        .hasMessage("interrupted while building tool");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void concurrentCallersShareOneBuild() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Path>> all =
          IntStream.range(0, 4)
              .mapToObj(i -> threads.submit(() -> cache.provide("tool", "k1", this::build)))
              .toList();
      for (Future<Path> one : all) {
        assertThat(one.get(30, TimeUnit.SECONDS).resolve("program")).hasContent("build 1");
      }
    }
    assertThat(content()).containsExactly("tool-k1", "tool.lock");
  }

  private void build(Path work, Path out) throws IOException {
    Files.writeString(work.resolve("source"), "deleted afterwards");
    Files.writeString(out.resolve("program"), "build " + builds.incrementAndGet());
  }

  private List<String> content() {
    try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
