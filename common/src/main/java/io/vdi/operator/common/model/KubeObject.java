package io.vdi.operator.common.model;

import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;

/**
 * A Kubernetes object as this project reads it: its {@link ObjectMeta} and whatever else the record
 * names. Everything not named is skipped while decoding, so a field that a newer Kubernetes adds
 * can never make a list undecodable, and caches hold only what decisions need.
 */
public interface KubeObject extends KubernetesObject {
  ObjectMeta metadata();

  default String name() {
    return metadata().name();
  }

  default String namespace() {
    return metadata().namespace();
  }

  default String uid() {
    return metadata().uid();
  }

  /** For the client's informers, which ask for their own type: identity and version only. */
  @Override
  default V1ObjectMeta getMetadata() {
    return new V1ObjectMeta()
        .name(metadata().name())
        .namespace(metadata().namespace().isEmpty() ? null : metadata().namespace())
        .uid(metadata().uid())
        .resourceVersion(metadata().resourceVersion());
  }

  @Override
  default String getApiVersion() {
    return "";
  }

  @Override
  default String getKind() {
    return "";
  }
}
