package io.vdi.operator.common.model;

import java.util.List;

/**
 * Which labels and annotations are kept in memory. An object may carry 256 KiB of annotations, for
 * example of GitOps or backup tools. With 300 such sessions the services would need more than their
 * memory limit for text that they never read.
 */
public final class MetadataKeys {
  /**
   * The longest value that is kept. Longer than every value that the operator writes: an e-mail has
   * 254 characters, the name of a Kubernetes user at most 1,024.
   */
  public static final int MAX_VALUE = 4096;

  /** That of NVIDIA has the labels with which its operator describes a node. */
  private static final List<String> PREFIXES =
      List.of(
          VdiSession.GROUP + "/",
          "app.kubernetes.io/",
          "nvidia.com/",
          Annotations.SAFE_TO_EVICT,
          Annotations.DO_NOT_DISRUPT,
          Annotations.NGINX_AUTH_URL);

  private MetadataKeys() {}

  /**
   * Whether the operator reads labels or annotations with this key. Add a prefix here before code
   * reads another key: values with other keys are dropped while an answer is decoded.
   */
  public static boolean isRead(String key) {
    return PREFIXES.stream().anyMatch(key::startsWith);
  }
}
