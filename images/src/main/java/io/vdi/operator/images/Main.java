package io.vdi.operator.images;

import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.build.KeycloakBuild;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.operator.SingleSignOn;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.ParallelSteps;
import io.vdi.operator.devcluster.process.ParallelSteps.Step;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/** The command behind {@code make images}: builds images and prints the paths of their files. */
public final class Main {
  private Main() {}

  private static final String DESCRIBE = "--sbom";
  private static final String PROGRAMS = "--programs";

  private static final Set<String> INDEPENDENT = Set.of(Images.DESKTOP, Images.PLUGIN);

  /** The environment variable with the platform of the images; the default is this machine's. */
  private static final String PLATFORM = "PLATFORM";

  /**
   * @param args names of images, see {@link Images}; without names, those of an installation. With
   *     {@code --sbom} as the first argument, also writes their SBOMs. With {@code --programs},
   *     also builds the programs of the development cluster meanwhile
   */
  public static void main(String[] args) {
    try {
      Architecture architecture = Architecture.of(System.getenv().getOrDefault(PLATFORM, ""));
      Images images = Images.of(Path.of("").toAbsolutePath(), architecture);
      List<String> options = Arrays.stream(args).filter(arg -> arg.startsWith("--")).toList();
      List<String> names = Arrays.stream(args).filter(arg -> !arg.startsWith("--")).toList();
      List<String> wanted = names.isEmpty() ? images.ofInstallation() : names;
      // Otherwise two lanes initialize it at the same time, and it prints a warning.
      LoggerFactory.getILoggerFactory();
      ParallelSteps.run(
          options.contains(PROGRAMS)
              ? withPrograms(images, wanted)
              : List.of(steps(images, wanted.stream())));
      if (options.contains(DESCRIBE)) {
        wanted.forEach(name -> System.out.println(images.describe(name)));
      }
    } catch (ClusterException | IllegalArgumentException e) {
      System.err.println("✗ " + e.getMessage());
      System.exit(1);
    }
  }

  /** What requires no program of the cluster is built beside the programs. */
  private static List<List<Step>> withPrograms(Images images, List<String> names) {
    List<Step> keycloak =
        SingleSignOn.hasMemory()
            ? List.of(new Step("Keycloak", Duration.ofSeconds(90), KeycloakBuild::provide))
            : List.of();
    return List.of(
        Stream.concat(
                FullCluster.programs(GoPrograms.inDefaultCache()).stream(),
                steps(images, names.stream().filter(name -> !INDEPENDENT.contains(name))).stream())
            .toList(),
        steps(images, names.stream().filter(INDEPENDENT::contains)),
        keycloak);
  }

  private static List<Step> steps(Images images, Stream<String> names) {
    return names.map(images::step).toList();
  }
}
