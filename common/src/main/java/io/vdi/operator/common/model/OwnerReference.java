package io.vdi.operator.common.model;

/** An entry of metadata.ownerReferences. */
public record OwnerReference(
    String apiVersion, String kind, String name, String uid, boolean controller) {
  public OwnerReference {
    apiVersion = apiVersion == null ? "" : apiVersion.intern();
    kind = kind == null ? "" : kind.intern();
    name = name == null ? "" : name.intern();
    uid = uid == null ? "" : uid.intern();
  }
}
