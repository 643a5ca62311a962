package io.vdi.operator.reaper.reap;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.ObjectMetadata;

/** Names an object of a session. */
public record ObjectKey(Kind<ObjectMetadata> kind, String namespace, String name) {
  @Override
  public String toString() {
    return kind.name() + " " + namespace + "/" + name;
  }
}
