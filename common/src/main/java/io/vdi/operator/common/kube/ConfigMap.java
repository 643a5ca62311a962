package io.vdi.operator.common.kube;

import io.vdi.operator.common.model.Meta;
import io.vdi.operator.common.model.Resource;
import java.util.Map;

/** A ConfigMap: texts by key. */
public record ConfigMap(Meta metadata, Map<String, String> data) implements Resource {
  public ConfigMap {
    metadata = metadata == null ? Meta.EMPTY : metadata;
    data = data == null ? Map.of() : Map.copyOf(data);
  }
}
