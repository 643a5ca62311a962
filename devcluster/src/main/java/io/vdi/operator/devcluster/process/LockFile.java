package io.vdi.operator.devcluster.process;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Mutual exclusion between processes and between threads. The kernel's file lock excludes other
 * processes only: a second thread of the same JVM would get an OverlappingFileLockException, so a
 * lock in memory comes first.
 */
public final class LockFile {
  private static final Map<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

  private LockFile() {}

  /**
   * Runs the work while no other caller holds the lock of this file. Waits for as long as another
   * caller holds it. The file is created and stays; its directory must exist.
   */
  public static <T> T hold(Path file, Supplier<T> work) {
    ReentrantLock threads =
        THREADS.computeIfAbsent(file.toAbsolutePath().normalize(), key -> new ReentrantLock());
    threads.lock();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.lock();
      return work.get();
    } catch (IOException e) {
      throw new ClusterException("cannot lock " + file + ": " + e, e);
    } finally {
      threads.unlock();
    }
  }
}
