package io.vdi.operator.common.model;

/**
 * An object of which only the metadata is read: secrets (their content never enters a cache),
 * services, routes, custom resource definitions.
 */
public record ObjectMetadata(Meta metadata) implements Resource {
  public ObjectMetadata {
    metadata = metadata == null ? Meta.EMPTY : metadata;
  }
}
