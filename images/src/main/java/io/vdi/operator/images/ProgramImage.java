package io.vdi.operator.images;

import com.google.cloud.tools.jib.api.Jib;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.build.Architecture;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * An image with one static program of the development cluster.
 *
 * @param program returns the path of the program; the first call builds it
 * @param architecture of the program
 * @param name of the image
 */
record ProgramImage(Supplier<Path> program, Architecture architecture, String name)
    implements Images.Recipe {
  @Override
  public String fingerprint() {
    return Hashes.sha256(program.get() + name, 12);
  }

  @Override
  public Duration usual() {
    return Duration.ofSeconds(2);
  }

  @Override
  public void describe(Path archive, Path file) {
    Sbom.write(file, name, Optional.empty(), List.of());
  }

  @Override
  public void make(Path archive) throws IOException {
    Path file = program.get();
    Oci.write(
        Jib.fromScratch()
            .addFileEntriesLayer(Oci.layer("program", file.getParent(), "/"))
            .setEntrypoint(List.of("/" + file.getFileName())),
        architecture,
        name,
        archive);
  }
}
