package io.vdi.operator.common.kube;

import io.vdi.operator.common.model.Meta;
import io.vdi.operator.common.model.Resource;

/** What leader election reads of a coordination.k8s.io Lease. */
record Lease(Meta metadata, Spec spec) implements Resource {
  Lease {
    metadata = metadata == null ? Meta.EMPTY : metadata;
    spec = spec == null ? new Spec(null, 0, null, 0) : spec;
  }

  record Spec(
      String holderIdentity, int leaseDurationSeconds, String acquireTime, int leaseTransitions) {
    Spec {
      holderIdentity = holderIdentity == null ? "" : holderIdentity;
    }
  }
}
