package io.vdi.operator.common.model;

import java.util.Optional;

/** The fields of a PersistentVolume that the operator reads: which nodes can use it. */
public record PersistentVolume(ObjectMeta metadata, Spec spec) implements KubeObject {
  public static final ResourceType<PersistentVolume> TYPE =
      new ResourceType<>(
          "", "v1", "PersistentVolume", "persistentvolumes", false, PersistentVolume.class);

  public PersistentVolume {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    spec = spec == null ? new Spec(null) : spec;
  }

  /**
   * @param nodeAffinity null: every node can use the volume
   */
  public record Spec(NodeAffinity nodeAffinity) {}

  public record NodeAffinity(NodeSelector required) {}

  /** The nodes that can use it; empty if all can. */
  public Optional<NodeSelector> nodes() {
    return Optional.ofNullable(spec.nodeAffinity()).map(NodeAffinity::required);
  }
}
