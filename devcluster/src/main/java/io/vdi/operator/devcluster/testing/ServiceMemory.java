package io.vdi.operator.devcluster.testing;

import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The memory of a service that runs in a process of its own with the JVM flags of its image. The
 * limit in the chart is 512 MiB.
 *
 * @param heapMib used after a garbage collection
 * @param rssMib the largest so far
 */
public record ServiceMemory(long heapMib, long rssMib) {
  private static final int MAX_HEAP_MIB = 64;
  private static final int MAX_RSS_MIB = 384;

  /** Collects the garbage of the service, and measures. */
  public static ServiceMemory of(ChildProcess service) {
    try {
      String pid = String.valueOf(service.pid());
      String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
      run(jcmd, pid, "GC.run");
      String histogram = run(jcmd, pid, "GC.class_histogram");
      String total =
          histogram.lines().filter(line -> line.startsWith("Total")).findFirst().orElseThrow();
      String peak =
          Files.readString(Path.of("/proc/" + pid + "/status"))
              .lines()
              .filter(line -> line.startsWith("VmHWM:"))
              .findFirst()
              .orElseThrow();
      return new ServiceMemory(
          Long.parseLong(total.strip().split("\\s+", -1)[2]) >> 20,
          Long.parseLong(peak.strip().split("\\s+", -1)[1]) >> 10);
    } catch (IOException e) {
      throw new ClusterException("cannot measure " + service.name(), e);
    }
  }

  /** Fails if the service does not run, or uses more than a service that keeps what it reads. */
  public static void expectSmall(ChildProcess service) {
    service.requireAlive();
    ServiceMemory memory = of(service);
    if (memory.heapMib() >= MAX_HEAP_MIB || memory.rssMib() >= MAX_RSS_MIB) {
      throw new AssertionError(
          "%s uses %s; at most a heap of %d MiB and an RSS of %d MiB are expected"
              .formatted(service.name(), memory, MAX_HEAP_MIB, MAX_RSS_MIB));
    }
  }

  private static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return new String(process.getInputStream().readAllBytes());
  }
}
