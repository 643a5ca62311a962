package io.vdi.operator.images;

import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.buildplan.Port;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The image of a service: the C library or another base, the Java runtime, the jars and the AOT
 * cache, which only images for the architecture of this machine have. It has no shell and no
 * package manager.
 *
 * @param base a base image with a C library, instead of Debian's C library
 * @param registry before the name of the service
 * @param tag empty: the one that the chart uses by default
 */
record ServiceImage(
    OperatorService service,
    Training training,
    Platform platform,
    Optional<String> base,
    String registry,
    Optional<String> tag)
    implements Images.Recipe {
  /** The default registry of the chart. */
  static final String REGISTRY = "localhost/vdi-operator";

  @Override
  public String fingerprint() {
    return training
        .stage(service)
        .fingerprint(
            registry
                + tag.map(name -> ":" + name).orElse("")
                + base.orElseGet(() -> platform.libc().toString()));
  }

  @Override
  public Duration usual() {
    return Duration.ofSeconds(25);
  }

  @Override
  public void describe(Path archive, Path file) {
    Path libraries = training.checkout().resolve(service.module()).resolve("target/bom.json");
    if (!Files.exists(libraries)) {
      throw new ClusterException(libraries + " is missing: run make images");
    }
    List<Sbom.Component> others = new ArrayList<>();
    others.add(platform.javaComponent());
    if (base.isEmpty()) {
      others.addAll(platform.libcComponents());
    }
    Sbom.write(file, service.module(), Optional.of(libraries), others);
  }

  @Override
  public void make(Path archive) throws IOException {
    Stage stage = training.stage(service);
    JibContainerBuilder image =
        from()
            .addFileEntriesLayer(Oci.layer("java", platform.java(), Stage.JAVA))
            .addFileEntriesLayer(Oci.layer("libraries", stage.libraries(), Stage.APP + "/lib"))
            .addFileEntriesLayer(Oci.layer("service", stage.own(), Stage.APP, 1))
            .setEntrypoint(List.of(Stage.JAVA + "/bin/java", "@" + Stage.APP + "/jvm.options"))
            .setProgramArguments(service.mainClass())
            .setUser("65532:65532")
            .addExposedPort(Port.tcp(8081))
            .addLabel("org.opencontainers.image.title", "VDI operator: " + service.module())
            .addLabel("org.opencontainers.image.licenses", "Apache-2.0");
    if (platform.architecture().isOfHost()) {
      Path cache = training.cacheOf(service);
      image.addFileEntriesLayer(Oci.layer("aot", cache.getParent(), Stage.APP + "/aot"));
    }
    String name =
        registry + "/" + service.module() + ":" + (tag.isPresent() ? tag.get() : version());
    Oci.write(image, platform.architecture(), name, archive);
  }

  private JibContainerBuilder from() throws IOException {
    try {
      return base.isPresent()
          ? Jib.from(base.get())
          : Jib.fromScratch().addFileEntriesLayer(Oci.layer("libc", platform.libc(), "/"));
    } catch (InvalidImageReferenceException e) {
      throw new ClusterException(
          "BASE_IMAGE \"" + base.orElseThrow() + "\" is not a name of an image: " + e.getMessage(),
          e);
    }
  }

  /** The tag that the chart uses by default. */
  private String version() throws IOException {
    return Files.readString(training.checkout().resolve("charts/vdi-operator/Chart.yaml"))
        .lines()
        .filter(line -> line.startsWith("appVersion:"))
        .map(line -> line.substring("appVersion:".length()).strip())
        .findFirst()
        .orElseThrow();
  }
}
