package io.vdi.operator.runtime.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The namespace of the pod that this process runs in. */
public final class PodNamespace {
  private static final Path FILE =
      Path.of("/var/run/secrets/kubernetes.io/serviceaccount/namespace");

  /** The namespace outside of a pod, for example when a service runs on a workstation. */
  static final String OUTSIDE_OF_A_POD = "vdi-system";

  private PodNamespace() {}

  /** The namespace of the pod; {@code vdi-system} outside of a pod. */
  public static String get() {
    return read(FILE);
  }

  static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return OUTSIDE_OF_A_POD;
    }
  }
}
