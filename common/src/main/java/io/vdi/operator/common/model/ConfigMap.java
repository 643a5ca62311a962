package io.vdi.operator.common.model;

import java.util.Map;

/** A ConfigMap: texts by key. */
public record ConfigMap(ObjectMeta metadata, Map<String, String> data) implements KubeObject {
  public ConfigMap {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    data = data == null ? Map.of() : Map.copyOf(data);
  }
}
