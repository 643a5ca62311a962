package io.vdi.operator.common.model;

/**
 * An object of which only the metadata is read: secrets (their content never enters a cache),
 * services, routes, custom resource definitions.
 */
public record PartialObjectMetadata(ObjectMeta metadata) implements KubeObject {
  public PartialObjectMetadata {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
  }
}
