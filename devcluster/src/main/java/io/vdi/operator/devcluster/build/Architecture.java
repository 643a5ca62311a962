package io.vdi.operator.devcluster.build;

import io.vdi.operator.devcluster.process.ClusterException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** A processor architecture that programs and images are built for; the system is always Linux. */
public enum Architecture {
  AMD64("x86_64-linux-gnu", "lib64/ld-linux-x86-64.so.2"),
  ARM64("aarch64-linux-gnu", "lib/ld-linux-aarch64.so.1");

  private static final String SYSTEM = "linux/";

  private final String triplet;
  private final String loader;

  Architecture(String triplet, String loader) {
    this.triplet = triplet;
    this.loader = loader;
  }

  /** The architecture of this machine. */
  public static Architecture ofHost() {
    return System.getProperty("os.arch").equals("aarch64") ? ARM64 : AMD64;
  }

  /**
   * Parses the name of a platform.
   *
   * @param platform such as {@code linux/arm64} or {@code arm64}; empty: this machine's
   * @throws ClusterException if nothing is built for the platform
   */
  public static Architecture of(String platform) {
    if (platform.isBlank()) {
      return ofHost();
    }
    String name = platform.startsWith(SYSTEM) ? platform.substring(SYSTEM.length()) : platform;
    return Arrays.stream(values())
        .filter(architecture -> architecture.id().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new ClusterException(
                "PLATFORM \"%s\" must be one of %s"
                    .formatted(
                        platform,
                        Arrays.stream(values())
                            .map(known -> SYSTEM + known.id())
                            .collect(Collectors.joining(", ")))));
  }

  /** The name that Go, Debian and OCI images use. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether programs of this architecture run on this machine. */
  public boolean isOfHost() {
    return this == ofHost();
  }

  /** The name of Debian's directories with libraries. */
  public String triplet() {
    return triplet;
  }

  /** The path of the program loader of the C library, relative to the root directory. */
  public String loader() {
    return loader;
  }
}
