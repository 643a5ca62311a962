package io.vdi.operator.devcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.devcluster.process.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlGroupsTest {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");

  @Test
  void killEndsTheProcessesInSubgroupsAndDeleteRemovesTheGroups(@TempDir Path folder)
      throws Exception {
    Path hierarchy = Files.exists(ROOT.resolve("cgroup.controllers")) ? ROOT : ROOT.resolve("pids");
    assumeTrue(Files.isWritable(hierarchy), "no permission to create control groups");
    ControlGroups groups = new ControlGroups("vdi-test-" + ProcessHandle.current().pid());
    create(groups);
    Path group = hierarchy.resolve(groups.name());
    ChildProcess process =
        ChildProcess.start("child", List.of("sleep", "60"), Map.of(), folder.resolve("child.log"));
    try {
      Path subgroup = Files.createDirectories(group.resolve("pod"));
      Files.writeString(subgroup.resolve("cgroup.procs"), String.valueOf(process.pid()));
      groups.kill();
      process.onExit().get(10, TimeUnit.SECONDS);
      assertThat(process.exitStatus()).isEqualTo(128 + 9);
    } finally {
      process.kill();
      groups.delete();
    }
    assertThat(group).doesNotExist();
  }

  private static void create(ControlGroups groups) {
    try {
      groups.create();
    } catch (IOException e) {
      assumeTrue(false, "cannot create control groups: " + e);
    }
  }
}
