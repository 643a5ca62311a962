package io.vdi.operator.images;

import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.build.BuildCache;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.ContainerNode;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The images of a checkout: {@code images/target/<name>.tar}, an OCI archive each. What an image is
 * made of decides its name in the cache, where it is kept; the same is never made twice.
 */
public final class Images {
  static final String DESKTOP = "desktop";

  /** The images of an installation, by name. */
  public static final List<String> ALL =
      Stream.concat(
              Arrays.stream(OperatorService.values()).map(OperatorService::module),
              Stream.of(DESKTOP))
          .toList();

  /** The plugin, which is an archive and no image. */
  public static final String PLUGIN = "kubectl-vdi";

  /** Those that a node of the development cluster needs beside them. */
  public static final List<String> OF_NODE = List.of("pause", "traefik");

  /**
   * The variable with the image that those of the services are built on, where one is to be pulled.
   */
  private static final String BASE = "BASE_IMAGE";

  /** So many of each are kept, for other checkouts. */
  private static final int KEPT = 4;

  private final Path checkout;
  private final Path cache;
  private final Map<String, Recipe> recipes = new HashMap<>();

  private Images(Path checkout, Path cache) {
    this.checkout = checkout;
    this.cache = cache;
    Platform platform = new Platform(cache);
    Training training = new Training(checkout, platform, checkout.resolve("images/target/stage"));
    Optional<String> base = Optional.ofNullable(System.getenv(BASE)).filter(s -> !s.isBlank());
    for (OperatorService service : OperatorService.values()) {
      recipes.put(service.module(), new ServiceImage(service, training, platform, base));
    }
    recipes.put(DESKTOP, new DesktopImage(checkout.resolve("desktop")));
    GoPrograms programs = GoPrograms.inDefaultCache();
    recipes.put(PLUGIN, new PluginArchive(checkout, platform));
    recipes.put("pause", new ProgramImage(programs::pause, ContainerNode.PAUSE_IMAGE));
    recipes.put("traefik", new ProgramImage(programs::traefik, RouterAddon.IMAGE));
  }

  /** Those of a checkout whose services are built. */
  public static Images of(Path checkout) {
    return new Images(checkout, BuildCache.ofUser().directory().resolve("images"));
  }

  /** How one image is made. */
  interface Recipe {
    /** Changes with everything that goes into the image. */
    String fingerprint();

    /** Makes the image. */
    void make(Path archive) throws IOException;

    /** Writes what is in the image. */
    void describe(Path archive, Path file);
  }

  /** Writes what is in an image beside it: {@code images/target/<name>.cdx.json}, CycloneDX. */
  public Path describe(String name) {
    Path archive = provide(name);
    Path file = archive.resolveSibling(name + ".cdx.json");
    recipes.get(name).describe(archive, file);
    return file;
  }

  /**
   * The archive of an image, made if need be.
   *
   * @throws IllegalArgumentException where there is no such image
   */
  public Path provide(String name) {
    Recipe recipe = recipes.get(name);
    if (recipe == null) {
      throw new IllegalArgumentException(
          "no image \"" + name + "\"; there are " + ALL + " and " + OF_NODE);
    }
    Path kept = cache.resolve(name + "-" + recipe.fingerprint() + ".tar");
    Path link = checkout.resolve("images/target").resolve(name + ".tar");
    try {
      Files.createDirectories(cache);
      if (!Files.exists(kept)) {
        Progress.say("making image " + name);
        Path fresh = kept.resolveSibling(kept.getFileName() + "." + ProcessHandle.current().pid());
        recipe.make(fresh);
        Files.move(fresh, kept, StandardCopyOption.ATOMIC_MOVE);
        prune(name);
      }
      Files.createDirectories(link.getParent());
      Files.deleteIfExists(link);
      return Files.createSymbolicLink(link, kept);
    } catch (IOException e) {
      throw new ClusterException("cannot make image " + name + ": " + e, e);
    }
  }

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
