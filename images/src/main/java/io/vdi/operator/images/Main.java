package io.vdi.operator.images;

import io.vdi.operator.devcluster.ClusterException;
import java.nio.file.Path;

/** The command behind make images. */
public final class Main {
  private Main() {}

  /**
   * @param args names of images, see {@link Images}; none for all
   */
  public static void main(String[] args) {
    try {
      Images images = Images.of(Path.of("").toAbsolutePath());
      for (String name : args.length == 0 ? Images.ALL.toArray(String[]::new) : args) {
        System.out.println(images.provide(name));
      }
    } catch (ClusterException | IllegalArgumentException e) {
      System.err.println("✗ " + e.getMessage());
      System.exit(1);
    }
  }
}
