package io.vdi.operator.devcluster;

import java.nio.file.Path;
import java.util.List;

/** The commands behind make: build, up, down, demo. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    String command = args.length == 1 ? args[0] : "";
    Workbench workbench = new Workbench(Path.of("").toAbsolutePath());
    try {
      switch (command) {
        case "build" -> workbench.build();
        case "up" -> workbench.up();
        case "down" -> workbench.down();
        case "serve" -> workbench.serve();
        case "demo" -> System.exit(new Demo(workbench).run() ? 0 : 1);
        default -> {
          System.err.println(
              "usage: " + String.join(" | ", List.of("build", "up", "down", "demo")));
          System.exit(2);
        }
      }
    } catch (ClusterException e) {
      System.err.println("✗ " + e.getMessage());
      System.exit(1);
    }
  }
}
