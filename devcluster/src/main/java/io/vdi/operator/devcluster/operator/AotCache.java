package io.vdi.operator.devcluster.operator;

import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Starts services from an AOT cache, as in their images: the JVM loads classes and profiles that a
 * training run has recorded, instead of computing them again. The cache is kept beside the jar of
 * the service. It is valid for exactly the same jars, flags and JVM, and is recorded again when one
 * of them changes.
 */
public final class AotCache {
  private static final String EXTENSION = ".aot";

  private AotCache() {}

  /**
   * Starts a service from its AOT cache. If there is no cache, records one first: starts the
   * service against the same cluster and stops it when it is ready.
   */
  public static OperatorProcess start(OperatorProcess.Launch launch) {
    return start(launch, OperatorProcess::awaitReady);
  }

  /**
   * The same with another training run.
   *
   * @param training uses the service; code that runs meanwhile is compiled earlier from the cache
   */
  public static OperatorProcess start(
      OperatorProcess.Launch launch, Consumer<OperatorProcess> training) {
    Path cache = launch.target().resolve(launch.name() + "-" + fingerprint(launch) + EXTENSION);
    if (!Files.exists(cache)) {
      Progress.say("recording an AOT cache for " + launch.name() + ", once per build");
      deleteCaches(launch.target());
      Path fresh = cache.resolveSibling(cache.getFileName() + "." + ProcessHandle.current().pid());
      try (OperatorProcess trained =
          OperatorProcess.start(
              launch.with(launch.name() + "-training", "-XX:AOTCacheOutput=" + fresh))) {
        training.accept(trained);
      }
      try {
        Files.move(fresh, cache);
      } catch (IOException e) {
        Progress.say("starting without an AOT cache: " + e);
        return OperatorProcess.start(launch);
      }
    }
    return OperatorProcess.start(launch.with(launch.name(), "-XX:AOTCache=" + cache));
  }

  /** Deletes the caches of earlier builds, which nothing uses again. */
  private static void deleteCaches(Path target) {
    try (Stream<Path> files = Files.list(target)) {
      files.filter(file -> file.toString().endsWith(EXTENSION)).forEach(FileTree::delete);
    } catch (IOException e) {
      Progress.say("cannot delete old AOT caches: " + e);
    }
  }

  private static String fingerprint(OperatorProcess.Launch launch) {
    StringBuilder text = new StringBuilder(System.getProperty("java.vm.version"));
    text.append(launch.jvm());
    for (Path jar : launch.classPath()) {
      try {
        text.append(jar).append(Files.size(jar)).append(Files.getLastModifiedTime(jar));
      } catch (IOException e) {
        text.append("missing");
      }
    }
    return Hashes.sha256(text.toString(), 12);
  }
}
