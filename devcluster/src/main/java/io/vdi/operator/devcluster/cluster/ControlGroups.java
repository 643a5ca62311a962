package io.vdi.operator.devcluster.cluster;

import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The control groups of a node's pods on this host: one group in the hierarchy of version 2, or one
 * in each hierarchy of version 1. The kernel keeps them after the processes have exited.
 *
 * @param name of the group, relative to the root of the hierarchy
 */
record ControlGroups(String name) {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");
  private static final Duration STOP = Duration.ofSeconds(60);

  void create() throws IOException {
    if (Files.exists(ROOT.resolve("cgroup.controllers"))) {
      Files.createDirectories(ROOT.resolve(name));
      return;
    }
    try (Stream<Path> hierarchies = Files.list(ROOT)) {
      for (Path hierarchy : hierarchies.filter(Files::isDirectory).toList()) {
        Files.createDirectories(hierarchy.resolve(name));
      }
    }
    // 20 times the weight of one process, because the group holds all pods of the node.
    Path weight = ROOT.resolve("cpu").resolve(name).resolve("cpu.shares");
    if (Files.exists(weight)) {
      Files.writeString(weight, "20480");
    }
  }

  /** Kills all processes in the groups with SIGKILL. */
  void kill() {
    for (Path group : groups()) {
      try (Stream<Path> all = Files.walk(group)) {
        for (Path processes :
            all.filter(file -> file.getFileName().toString().equals("cgroup.procs")).toList()) {
          Files.readAllLines(processes).stream()
              .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid)).stream())
              .forEach(ProcessHandle::destroyForcibly);
        }
      } catch (IOException | UncheckedIOException e) {
        // A group was deleted meanwhile, so its processes have exited.
        Progress.say("cannot read " + group + ": " + e.getMessage());
      }
    }
  }

  /** Deletes the groups once their processes have exited. Only reports a failure. */
  void delete() {
    try {
      // The kernel needs a moment to end the processes.
      Progress.await(() -> "the control groups of the node to be deleted", STOP, this::tryDelete);
    } catch (ClusterException e) {
      Progress.say(e.getMessage());
    }
  }

  /** Returns whether all groups are deleted. */
  private boolean tryDelete() {
    boolean deleted = true;
    for (Path group : groups()) {
      try (Stream<Path> all = Files.walk(group)) {
        // Only the directories: the kernel removes the files in them.
        for (Path directory :
            all.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(directory);
        }
      } catch (IOException e) {
        deleted = false;
      }
    }
    return deleted;
  }

  private List<Path> groups() {
    try (Stream<Path> hierarchies = Files.list(ROOT)) {
      return Stream.concat(Stream.of(ROOT), hierarchies)
          .map(hierarchy -> hierarchy.resolve(name))
          .filter(Files::isDirectory)
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
