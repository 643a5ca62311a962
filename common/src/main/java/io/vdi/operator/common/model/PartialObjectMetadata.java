package io.vdi.operator.common.model;

/**
 * An object of which only the metadata is read, such as a Service or a route. The content of a
 * Secret is never in a cache.
 */
public record PartialObjectMetadata(ObjectMeta metadata) implements KubeObject {
  public PartialObjectMetadata {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
  }
}
