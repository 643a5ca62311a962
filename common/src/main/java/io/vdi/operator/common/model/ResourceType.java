package io.vdi.operator.common.model;

/**
 * A kind of object: its path in the API and the record that it is decoded into.
 *
 * @param plural in lower case, as paths have it
 */
public record ResourceType<T extends KubeObject>(
    String group,
    String version,
    String kind,
    String plural,
    boolean namespaced,
    Class<T> objectClass) {

  public static final ResourceType<VdiSession> SESSION =
      new ResourceType<>(
          "vdi.kasm.io", "v1alpha1", "VDISession", "vdisessions", true, VdiSession.class);
  public static final ResourceType<VdiTemplate> TEMPLATE =
      new ResourceType<>(
          "vdi.kasm.io", "v1alpha1", "VDITemplate", "vditemplates", false, VdiTemplate.class);
  public static final ResourceType<VdiUsage> USAGE =
      new ResourceType<>("vdi.kasm.io", "v1alpha1", "VDIUsage", "vdiusages", true, VdiUsage.class);
  public static final ResourceType<Pod> POD =
      new ResourceType<>("", "v1", "Pod", "pods", true, Pod.class);
  public static final ResourceType<PersistentVolumeClaim> PERSISTENT_VOLUME_CLAIM =
      new ResourceType<>(
          "",
          "v1",
          "PersistentVolumeClaim",
          "persistentvolumeclaims",
          true,
          PersistentVolumeClaim.class);
  public static final ResourceType<PartialObjectMetadata> SECRET =
      metadata("", "v1", "Secret", "secrets");
  public static final ResourceType<PartialObjectMetadata> SERVICE =
      metadata("", "v1", "Service", "services");
  public static final ResourceType<PartialObjectMetadata> INGRESS_ROUTE =
      metadata("traefik.io", "v1alpha1", "IngressRoute", "ingressroutes");
  public static final ResourceType<PartialObjectMetadata> MIDDLEWARE =
      metadata("traefik.io", "v1alpha1", "Middleware", "middlewares");
  public static final ResourceType<PartialObjectMetadata> SERVERS_TRANSPORT =
      metadata("traefik.io", "v1alpha1", "ServersTransport", "serverstransports");
  public static final ResourceType<PartialObjectMetadata> INGRESS =
      metadata("networking.k8s.io", "v1", "Ingress", "ingresses");
  public static final ResourceType<HttpRoute> HTTP_ROUTE =
      new ResourceType<>(
          "gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes", true, HttpRoute.class);
  public static final ResourceType<PartialObjectMetadata> NETWORK_POLICY =
      metadata("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies");

  /** Not served before Kubernetes 1.34. */
  public static final ResourceType<PartialObjectMetadata> RESOURCE_CLAIM_TEMPLATE =
      metadata("resource.k8s.io", "v1", "ResourceClaimTemplate", "resourceclaimtemplates");

  public static final ResourceType<PartialObjectMetadata> ROLE =
      metadata("rbac.authorization.k8s.io", "v1", "Role", "roles");
  public static final ResourceType<PartialObjectMetadata> ROLE_BINDING =
      metadata("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings");
  public static final ResourceType<PartialObjectMetadata> EVENT =
      metadata("", "v1", "Event", "events");
  public static final ResourceType<PartialObjectMetadata> NAMESPACE =
      new ResourceType<>("", "v1", "Namespace", "namespaces", false, PartialObjectMetadata.class);
  public static final ResourceType<Node> NODE =
      new ResourceType<>("", "v1", "Node", "nodes", false, Node.class);
  public static final ResourceType<ConfigMap> CONFIG_MAP =
      new ResourceType<>("", "v1", "ConfigMap", "configmaps", true, ConfigMap.class);
  public static final ResourceType<Lease> LEASE =
      new ResourceType<>("coordination.k8s.io", "v1", "Lease", "leases", true, Lease.class);

  private static ResourceType<PartialObjectMetadata> metadata(
      String group, String version, String name, String plural) {
    return new ResourceType<>(group, version, name, plural, true, PartialObjectMetadata.class);
  }

  public String apiVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }

  /** {@code vdisessions.vdi.kasm.io}; for the core group the plural alone. */
  public String qualifiedName() {
    return group.isEmpty() ? plural : plural + "." + group;
  }

  /**
   * Whether the CRD of this kind belongs to another project, so that it can be absent, and can be
   * installed and deleted at any time.
   */
  public boolean isOfAnotherProject() {
    return group.equals(INGRESS_ROUTE.group) || group.equals(HTTP_ROUTE.group);
  }

  /** Whether both are the same resource of the API, whatever record they are decoded into. */
  public boolean isSameResource(ResourceType<?> other) {
    return group.equals(other.group) && plural.equals(other.plural);
  }

  /** The same kind, of which only the metadata is read. */
  public ResourceType<PartialObjectMetadata> metadataOnly() {
    return new ResourceType<>(
        group, version, kind, plural, namespaced, PartialObjectMetadata.class);
  }

  /** Whether only metadata is read, so that content, such as that of a Secret, is not requested. */
  public boolean isMetadataOnly() {
    return objectClass.equals(PartialObjectMetadata.class);
  }

  /** The path of the API group and version, which is also that of its discovery. */
  public String groupPath() {
    return group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version;
  }

  /** The path of one object. */
  public String path(String namespace, String object) {
    return path(namespace) + "/" + object;
  }

  /** The path of all objects of this kind in a namespace; in all if it is empty. */
  public String path(String namespace) {
    return namespaced && !namespace.isEmpty()
        ? groupPath() + "/namespaces/" + namespace + "/" + plural
        : groupPath() + "/" + plural;
  }

  @Override
  public String toString() {
    return kind;
  }
}
