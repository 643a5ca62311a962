package io.vdi.operator.images;

import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.devcluster.build.BuildCache;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.ContainerNode;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.ParallelSteps.Step;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The images of a checkout: OCI archives {@code images/target/<name>.tar}, which are links into a
 * cache. An image is built again only when one of its inputs changes.
 */
public final class Images {
  static final String DESKTOP = "desktop";

  /** The names of the images that an installation requires. */
  public static final List<String> ALL =
      Stream.concat(
              Arrays.stream(OperatorService.values()).map(OperatorService::module),
              Stream.of(DESKTOP))
          .toList();

  /** The kubectl plugin: a tar archive, not an image. */
  public static final String PLUGIN = "kubectl-vdi";

  /** The names of the images that the development cluster requires in addition. */
  public static final List<String> OF_NODE = List.of("pause", "traefik");

  /** The environment variable with a base image for the services; it is pulled. */
  private static final String BASE = "BASE_IMAGE";

  /** The environment variables with the registry and the tag of the services' images. */
  private static final String REGISTRY = "IMAGE_REGISTRY";

  private static final String TAG = "IMAGE_TAG";

  /** How many versions of an image are kept, because other checkouts may use older ones. */
  private static final int KEPT = 4;

  private final Path target;
  private final Path cache;
  private final String suffix;
  private final Map<String, Recipe> recipes;

  /**
   * @param target directory for the links to the archives
   * @param suffix of the names of archives in the cache
   */
  Images(Path target, Path cache, String suffix, Map<String, Recipe> recipes) {
    this.target = target;
    this.cache = cache;
    this.suffix = suffix;
    this.recipes = new TreeMap<>(recipes);
  }

  /** The images of a checkout whose services Maven has packaged, for this machine. */
  public static Images of(Path checkout) {
    return of(checkout, Architecture.ofHost());
  }

  /**
   * The images for an architecture. Those for another one than this machine's are in {@code
   * images/target/<architecture>}, and there is no desktop among them.
   */
  public static Images of(Path checkout, Architecture architecture) {
    Path cache = BuildCache.ofUser().directory().resolve("images");
    String suffix = architecture.isOfHost() ? "" : "-" + architecture.id();
    Path target =
        checkout.resolve("images/target").resolve(architecture.isOfHost() ? "" : architecture.id());
    Platform platform =
        new Platform(
            new BuildCache(cache), architecture, environment(Platform.TARGET_JDK).map(Path::of));
    Training training = new Training(checkout, platform, target.resolve("stage"));
    Optional<String> base = environment(BASE);
    String registry =
        environment(REGISTRY)
            .map(name -> name.endsWith("/") ? name.substring(0, name.length() - 1) : name)
            .orElse(ServiceImage.REGISTRY);
    GoPrograms programs = GoPrograms.inDefaultCache(architecture);
    Map<String, Recipe> recipes = new TreeMap<>();
    for (OperatorService service : OperatorService.values()) {
      recipes.put(
          service.module(),
          new ServiceImage(service, training, platform, base, registry, environment(TAG)));
    }
    if (architecture.isOfHost() && architecture == Architecture.AMD64) {
      recipes.put(DESKTOP, new DesktopImage(checkout.resolve("desktop")));
    }
    recipes.put(PLUGIN, new PluginArchive(checkout, platform));
    recipes.put(
        "pause", new ProgramImage(programs::pause, architecture, ContainerNode.PAUSE_IMAGE));
    recipes.put("traefik", new ProgramImage(programs::traefik, architecture, RouterAddon.IMAGE));
    return new Images(target, cache, suffix, recipes);
  }

  /** The names of the images that an installation requires and that exist for the architecture. */
  List<String> ofInstallation() {
    return ALL.stream().filter(recipes::containsKey).toList();
  }

  private static Optional<String> environment(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isBlank());
  }

  /** How to build one image. */
  interface Recipe {
    /** Changes when an input of the image changes. */
    String fingerprint();

    /** How long it usually takes on two cores, beside other builds. */
    Duration usual();

    /** Writes the image to this archive. */
    void make(Path archive) throws IOException;

    /** Writes the SBOM of the image in this archive to a file. */
    void describe(Path archive, Path file);
  }

  /** Writes the SBOM of an image beside it: {@code images/target/<name>.cdx.json}, CycloneDX. */
  public Path describe(String name) {
    Path archive = provide(name);
    Path file = archive.resolveSibling(name + ".cdx.json");
    recipe(name).describe(archive, file);
    return file;
  }

  /** The step that provides an image, and prints the path of its archive. */
  Step step(String name) {
    return new Step("image " + name, recipe(name).usual(), () -> System.out.println(provide(name)));
  }

  private Recipe recipe(String name) {
    Recipe recipe = recipes.get(name);
    if (recipe == null) {
      throw new IllegalArgumentException(
          "there is no image \"" + name + "\"; the images are " + recipes.keySet());
    }
    return recipe;
  }

  /**
   * The archive of an image, which is built if it is not in the cache.
   *
   * @throws IllegalArgumentException if there is no image with this name
   */
  public Path provide(String name) {
    Recipe recipe = recipe(name);
    Path kept = cache.resolve(name + suffix + "-" + recipe.fingerprint() + ".tar");
    Path link = target.resolve(name + ".tar");
    try {
      Files.createDirectories(cache);
      if (!Files.exists(kept)) {
        Progress.say("building image " + name);
        Path fresh = kept.resolveSibling(kept.getFileName() + "." + ProcessHandle.current().pid());
        recipe.make(fresh);
        Files.move(fresh, kept, StandardCopyOption.ATOMIC_MOVE);
        prune(name + suffix);
      }
      Files.createDirectories(link.getParent());
      Files.deleteIfExists(link);
      return Files.createSymbolicLink(link, kept);
    } catch (IOException e) {
      throw new ClusterException("cannot build image " + name + ": " + e, e);
    }
  }

  /** Deletes all but the newest versions. */
  private void prune(String name) throws IOException {
    try (Stream<Path> files = Files.list(cache)) {
      List<Path> old =
          files
              .filter(file -> file.getFileName().toString().matches(name + "-[0-9a-z]{12}[.]tar"))
              .sorted(Comparator.comparing((Path file) -> file.toFile().lastModified()).reversed())
              .skip(KEPT)
              .toList();
      for (Path file : old) {
        Files.delete(file);
      }
    }
  }
}
