package io.vdi.operator.common.model;

/** The fields of a coordination.k8s.io Lease that the operator reads. */
public record Lease(ObjectMeta metadata, Spec spec) implements KubeObject {
  public Lease {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    spec = spec == null ? new Spec(null, 0, null, null, 0) : spec;
  }

  public record Spec(
      String holderIdentity,
      int leaseDurationSeconds,
      String acquireTime,
      String renewTime,
      int leaseTransitions) {
    public Spec {
      holderIdentity = holderIdentity == null ? "" : holderIdentity;
    }
  }
}
