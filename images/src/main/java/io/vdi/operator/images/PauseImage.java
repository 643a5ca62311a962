package io.vdi.operator.images;

import com.google.cloud.tools.jib.api.Jib;
import io.vdi.operator.common.model.Names;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What holds the namespaces of a pod on the development cluster. */
record PauseImage(Path program, String name, Oci oci) implements Images.Recipe {
  @Override
  public String fingerprint() {
    return Names.hash(program + name, 12);
  }

  @Override
  public void make(Path archive) throws IOException {
    oci.write(
        Jib.fromScratch()
            .addFileEntriesLayer(Oci.layer("pause", program.getParent(), "/"))
            .setEntrypoint(List.of("/" + program.getFileName())),
        name,
        archive);
  }
}
