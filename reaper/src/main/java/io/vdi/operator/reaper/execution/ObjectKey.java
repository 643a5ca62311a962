package io.vdi.operator.reaper.execution;

import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;

/** Names an object of a session. */
public record ObjectKey(ResourceType<PartialObjectMetadata> kind, String namespace, String name) {
  @Override
  public String toString() {
    return kind.kind() + " " + namespace + "/" + name;
  }
}
