package io.vdi.operator.devcluster.build;

import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The source files of one Go module in this jar.
 *
 * @param name of its directory under {@code devcluster/go}
 */
record GoModule(String name) {
  private static final List<String> FILES =
      List.of(
          "go.mod",
          "go.sum",
          "main.go",
          "volumes.yaml",
          "ext/go.mod",
          "ext/ext.go",
          "lego/providers.go");

  /**
   * Changes when the content of a file changes. It is the key in the cache: if this method changes,
   * every user rebuilds all programs, which takes over 15 minutes on 2 cores.
   */
  String fingerprint() {
    StringBuilder all = new StringBuilder();
    for (String file : FILES) {
      all.append(content(file));
    }
    return Hashes.sha256(all.toString(), 12);
  }

  /** Writes the files to this directory. */
  void copyTo(Path directory) throws IOException {
    for (String file : FILES) {
      String content = content(file);
      if (!content.isEmpty()) {
        Path copy = directory.resolve(file);
        Files.createDirectories(copy.getParent());
        Files.writeString(copy, content);
      }
    }
  }

  /** Empty if the module has no such file. */
  private String content(String file) {
    String resource = "go/" + name + "/" + file;
    try (InputStream in = GoModule.class.getResourceAsStream(resource)) {
      return in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new ClusterException("cannot read " + resource, e);
    }
  }
}
