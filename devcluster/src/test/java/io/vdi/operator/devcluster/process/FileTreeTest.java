package io.vdi.operator.devcluster.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreeTest {
  @TempDir private Path folder;

  @Test
  void deletesADirectoryWithItsContent() throws IOException {
    Path tree = Files.createDirectories(folder.resolve("tree/a/b")).getParent().getParent();
    Files.writeString(tree.resolve("a/b/file"), "content");
    FileTree.delete(tree);
    assertThat(tree).doesNotExist();
  }

  @Test
  void doesNotFollowSymbolicLinks() throws IOException {
    Path other = Files.writeString(folder.resolve("other"), "content");
    Path tree = Files.createDirectory(folder.resolve("tree"));
    Files.createSymbolicLink(tree.resolve("link"), other);
    Files.createSymbolicLink(tree.resolve("dangling"), folder.resolve("missing"));
    FileTree.delete(tree);
    assertThat(tree).doesNotExist();
    assertThat(other).exists();
  }

  @Test
  void deletesADanglingLink() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("missing"));
    FileTree.delete(link);
    assertThat(Files.isSymbolicLink(link)).isFalse();
  }

  @Test
  void ignoresAMissingDirectory() {
    FileTree.delete(folder.resolve("missing"));
    assertThat(folder).isEmptyDirectory();
  }
}
