package io.vdi.operator.images;

import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.devcluster.process.ClusterException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The command behind {@code make images}: builds images and prints the paths of their files. */
public final class Main {
  private Main() {}

  private static final String DESCRIBE = "--sbom";

  /** The environment variable with the platform of the images; the default is this machine's. */
  private static final String PLATFORM = "PLATFORM";

  /**
   * @param args names of images, see {@link Images}; without names, those of an installation. With
   *     {@code --sbom} as the first argument, also writes their SBOMs
   */
  public static void main(String[] args) {
    try {
      Architecture architecture = Architecture.of(System.getenv().getOrDefault(PLATFORM, ""));
      Images images = Images.of(Path.of("").toAbsolutePath(), architecture);
      List<String> names = Arrays.stream(args).filter(arg -> !arg.equals(DESCRIBE)).toList();
      for (String name : names.isEmpty() ? images.ofInstallation() : names) {
        System.out.println(images.provide(name));
        if (args.length > 0 && args[0].equals(DESCRIBE)) {
          System.out.println(images.describe(name));
        }
      }
    } catch (ClusterException | IllegalArgumentException e) {
      System.err.println("✗ " + e.getMessage());
      System.exit(1);
    }
  }
}
