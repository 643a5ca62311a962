package io.vdi.operator.reaper;

import static io.vdi.operator.reaper.TestReaper.REAPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The reaper with the JVM flags of its image; the limit in the chart is 512 MiB. */
@ExtendWith(ClusterExtension.class)
class MemoryIT {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryIT.class);
  private static final int SESSIONS = 300;

  /** An object may have 256 KiB of annotations. */
  private static final int ANNOTATION = 250_000;

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int MAX_HEAP_MIB = 64;
  private static final int MAX_RSS_MIB = 384;

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  @TempDir Path folder;

  MemoryIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.withPatience(PATIENCE);
  }

  @Test
  @DisplayName(
      "300 sessions with 250 KB of annotations each, listed and changed, need little memory")
  void largeAnnotations() throws IOException {
    TestReaper.install(cluster);
    TestTemplates.apply(api, "plain", "");
    for (int i = 0; i < SESSIONS; i++) {
      api.create(ResourceType.SESSION, namespace.name(), session("large-" + i)).orElseThrow();
    }
    try (RunningService.InProcess reaper =
        REAPER.startProcess(REAPER.kubeconfig(cluster), folder, "reaper")) {
      reaper.awaitReady();
      await("the reaper to lead").atMost(PATIENCE).until(reaper::isLeader);
      LOG.info("after the list: {}", memory(reaper));
      // Each change sends a whole object on the watch.
      JsonObject change =
          JsonParser.parseString(
                  "{\"metadata\": {\"annotations\": {\"example.com/round\": \"2\"}}}")
              .getAsJsonObject();
      for (int i = 0; i < SESSIONS; i++) {
        api.mergePatch(ResourceType.SESSION, namespace.name(), "large-" + i, change).orElseThrow();
      }
      SessionFixture last =
          namespace
              .session("last")
              .createRunning("template: plain, timeout: 1s", Instant.now().minusSeconds(60));
      last.awaitNotFound();
      Memory memory = memory(reaper);
      LOG.info("after the changes: {}", memory);
      assertThat(reaper.process().isAlive()).isTrue();
      assertThat(memory.heapMib()).as("used heap after GC in MiB").isLessThan(MAX_HEAP_MIB);
      assertThat(memory.rssMib()).as("largest RSS in MiB").isLessThan(MAX_RSS_MIB);
    }
  }

  private static JsonObject session(String name) {
    JsonObject session =
        JsonParser.parseString(
                """
                {"apiVersion": "vdi.kasm.io/v1alpha1", "kind": "VDISession",
                 "metadata": {"name": "%s", "annotations": {"example.com/large": "%s"}},
                 "spec": {"user": "alice@example.com", "template": "plain"}}
                """
                    .formatted(name, name + "x".repeat(ANNOTATION)))
            .getAsJsonObject();
    return session;
  }

  /**
   * @param rssMib the largest so far
   */
  private record Memory(long heapMib, long rssMib) {}

  private static Memory memory(RunningService.InProcess service) throws IOException {
    long pid = service.process().pid();
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    run(jcmd, String.valueOf(pid), "GC.run");
    String histogram = run(jcmd, String.valueOf(pid), "GC.class_histogram");
    String total =
        histogram.lines().filter(line -> line.startsWith("Total")).findFirst().orElseThrow();
    String peak =
        Files.readString(Path.of("/proc/" + pid + "/status"))
            .lines()
            .filter(line -> line.startsWith("VmHWM:"))
            .findFirst()
            .orElseThrow();
    return new Memory(
        Long.parseLong(total.strip().split("\\s+", -1)[2]) >> 20,
        Long.parseLong(peak.strip().split("\\s+", -1)[1]) >> 10);
  }

  private static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return new String(process.getInputStream().readAllBytes());
  }
}
