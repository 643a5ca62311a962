package io.vdi.operator.runtime.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The namespace that this process runs in. */
public final class PodNamespace {
  private static final Path FILE =
      Path.of("/var/run/secrets/kubernetes.io/serviceaccount/namespace");

  private PodNamespace() {}

  /** The pod's own, and {@code vdi-system} outside of a pod. */
  public static String get() {
    try {
      return Files.readString(FILE).strip();
    } catch (IOException e) {
      return "vdi-system";
    }
  }
}
