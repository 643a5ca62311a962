package io.vdi.operator.common.kube;

import io.kubernetes.client.common.KubernetesListObject;
import io.kubernetes.client.openapi.models.V1ListMeta;
import io.vdi.operator.common.model.KubeObject;
import java.util.ArrayList;
import java.util.List;

/** A list of objects of one kind, with the resource version at which it was read. */
public record ResourceList<T extends KubeObject>(V1ListMeta metadata, List<T> items)
    implements KubernetesListObject {
  public ResourceList {
    metadata = metadata == null ? new V1ListMeta() : metadata;
    items = items == null ? List.of() : items;
  }

  @Override
  public V1ListMeta getMetadata() {
    return metadata;
  }

  @Override
  public List<T> getItems() {
    return items;
  }

  /**
   * With {@link #getKind} the type of a list of any kind. Without a type, the informer asks the
   * client's {@code ModelMapper} for that of the items, and that loads all 768 models of
   * Kubernetes: 12 MiB of memory, and 0.4 s until a service without an AOT cache is ready.
   */
  @Override
  public String getApiVersion() {
    return "v1";
  }

  @Override
  public String getKind() {
    return "List";
  }

  /** The same list with further objects. */
  ResourceList<T> with(List<T> more) {
    List<T> all = new ArrayList<>(items);
    all.addAll(more);
    return new ResourceList<>(metadata, List.copyOf(all));
  }
}
