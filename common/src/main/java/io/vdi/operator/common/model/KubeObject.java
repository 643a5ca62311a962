package io.vdi.operator.common.model;

import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;

/**
 * A Kubernetes object with the fields that this project reads: its {@link ObjectMeta} and the other
 * components of the record. Decoding skips all other fields, so that a field of a newer Kubernetes
 * does not make a list undecodable, and caches hold only what is needed.
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

  /** Identity and version in the client's own type, which its informers require. */
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
