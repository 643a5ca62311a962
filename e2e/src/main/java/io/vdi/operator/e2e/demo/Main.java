package io.vdi.operator.e2e.demo;

import io.vdi.operator.devcluster.operator.DevEnvironment;
import io.vdi.operator.devcluster.process.ClusterException;
import java.nio.file.Path;

/** The program of {@code make demo}. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    try {
      System.exit(new Demo(new DevEnvironment(Path.of("").toAbsolutePath())).run() ? 0 : 1);
    } catch (ClusterException e) {
      System.err.println("✗ " + e.getMessage());
      System.exit(1);
    }
  }
}
