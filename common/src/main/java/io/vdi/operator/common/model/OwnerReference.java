package io.vdi.operator.common.model;

/** One entry of metadata.ownerReferences. */
public record OwnerReference(
    String apiVersion, String kind, String name, String uid, boolean controller) {
  public OwnerReference {
    apiVersion = apiVersion == null ? "" : apiVersion;
    kind = kind == null ? "" : kind;
    name = name == null ? "" : name;
    uid = uid == null ? "" : uid;
  }
}
