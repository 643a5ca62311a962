package io.vdi.operator.reaper.execution;

import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;

/** Identifies a child or a home. */
public record ObjectKey(ResourceType<PartialObjectMetadata> type, String namespace, String name) {
  @Override
  public String toString() {
    return type.kind() + " " + namespace + "/" + name;
  }
}
