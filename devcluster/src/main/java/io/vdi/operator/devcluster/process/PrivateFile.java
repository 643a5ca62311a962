package io.vdi.operator.devcluster.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A file with keys or tokens, which only its owner can read. */
public final class PrivateFile {
  private PrivateFile() {}

  /** Creates or replaces the file with mode 0600, and returns its path. */
  public static Path write(Path file, String content) {
    try {
      Files.deleteIfExists(file);
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      return Files.writeString(file, content);
    } catch (IOException e) {
      throw new ClusterException("cannot write " + file + ": " + e, e);
    }
  }
}
