package io.vdi.operator.common.model;

import java.util.Map;

/** A ConfigMap, without its binary data. */
public record ConfigMap(ObjectMeta metadata, Map<String, String> data) implements KubeObject {
  public ConfigMap {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    data = data == null ? Map.of() : Map.copyOf(data);
  }
}
