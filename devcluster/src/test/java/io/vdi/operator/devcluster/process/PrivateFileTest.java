package io.vdi.operator.devcluster.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFileTest {
  @TempDir private Path folder;

  @Test
  void onlyTheOwnerCanReadTheFile() throws IOException {
    Path file = PrivateFile.write(folder.resolve("key"), "secret");
    assertThat(file).hasContent("secret");
    assertThat(permissions(file)).isEqualTo("rw-------");
  }

  @Test
  void replacesAFileThatOthersCanRead() throws IOException {
    Path file = Files.writeString(folder.resolve("key"), "old");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    PrivateFile.write(file, "new");
    assertThat(file).hasContent("new");
    assertThat(permissions(file)).isEqualTo("rw-------");
  }

  @Test
  void aMissingDirectoryIsAnError() {
    Path file = folder.resolve("missing/key");
    assertThatThrownBy(() -> PrivateFile.write(file, "secret"))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("cannot write " + file);
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
