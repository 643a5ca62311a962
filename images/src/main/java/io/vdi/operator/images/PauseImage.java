package io.vdi.operator.images;

import com.google.cloud.tools.jib.api.Jib;
import io.vdi.operator.common.model.Names;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What holds the namespaces of a pod on the development cluster. */
record PauseImage(Path program, String name) implements Images.Recipe {
  @Override
  public String fingerprint() {
    return Names.hash(program + name, 12);
  }

  @Override
  public void describe(Path archive, Path file) {
    Sbom.write(file, name, Optional.empty(), List.of());
  }

  @Override
  public void make(Path archive) throws IOException {
    Oci.write(
        Jib.fromScratch()
            .addFileEntriesLayer(Oci.layer("pause", program.getParent(), "/"))
            .setEntrypoint(List.of("/" + program.getFileName())),
        name,
        archive);
  }
}
