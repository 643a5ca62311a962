package io.vdi.operator.common.kube;

import io.vdi.operator.common.model.ObjectMetadata;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.Resource;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.VolumeClaim;

/** A kind of object: where it lives in the API and what it is decoded into. */
public record Kind<T extends Resource>(
    String group, String version, String name, String plural, boolean namespaced, Class<T> type) {

  public static final Kind<VdiSession> SESSION =
      new Kind<>("vdi.kasm.io", "v1alpha1", "VDISession", "vdisessions", true, VdiSession.class);
  public static final Kind<VdiTemplate> TEMPLATE =
      new Kind<>(
          "vdi.kasm.io", "v1alpha1", "VDITemplate", "vditemplates", false, VdiTemplate.class);
  public static final Kind<Pod> POD = new Kind<>("", "v1", "Pod", "pods", true, Pod.class);
  public static final Kind<VolumeClaim> VOLUME_CLAIM =
      new Kind<>(
          "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true, VolumeClaim.class);
  public static final Kind<ObjectMetadata> SECRET = metadata("", "v1", "Secret", "secrets");
  public static final Kind<ObjectMetadata> SERVICE = metadata("", "v1", "Service", "services");
  public static final Kind<ObjectMetadata> INGRESS_ROUTE =
      metadata("traefik.io", "v1alpha1", "IngressRoute", "ingressroutes");
  public static final Kind<ObjectMetadata> INGRESS =
      metadata("networking.k8s.io", "v1", "Ingress", "ingresses");
  public static final Kind<ObjectMetadata> EVENT = metadata("", "v1", "Event", "events");
  public static final Kind<ObjectMetadata> NAMESPACE =
      new Kind<>("", "v1", "Namespace", "namespaces", false, ObjectMetadata.class);
  public static final Kind<ObjectMetadata> NODE =
      new Kind<>("", "v1", "Node", "nodes", false, ObjectMetadata.class);
  public static final Kind<ConfigMap> CONFIG_MAP =
      new Kind<>("", "v1", "ConfigMap", "configmaps", true, ConfigMap.class);
  public static final Kind<Lease> LEASE =
      new Kind<>("coordination.k8s.io", "v1", "Lease", "leases", true, Lease.class);

  private static Kind<ObjectMetadata> metadata(
      String group, String version, String name, String plural) {
    return new Kind<>(group, version, name, plural, true, ObjectMetadata.class);
  }

  public String apiVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }

  /** {@code vdisessions.vdi.kasm.io}; for the core group the plural alone. */
  public String fullName() {
    return group.isEmpty() ? plural : plural + "." + group;
  }

  /** The same kind, of which only the metadata is asked for. */
  public Kind<ObjectMetadata> asMetadata() {
    return new Kind<>(group, version, name, plural, namespaced, ObjectMetadata.class);
  }

  /** Whether only metadata is wanted of it, so that content (a Secret's!) is never asked for. */
  boolean metadataOnly() {
    return type.equals(ObjectMetadata.class);
  }

  String groupPath() {
    return group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version;
  }

  /** The path of one object. */
  public String path(String namespace, String object) {
    return path(namespace) + "/" + object;
  }

  /** The path of all objects of this kind, or of one namespace's where one is given. */
  public String path(String namespace) {
    return namespaced && !namespace.isEmpty()
        ? groupPath() + "/namespaces/" + namespace + "/" + plural
        : groupPath() + "/" + plural;
  }

  @Override
  public String toString() {
    return name;
  }
}
