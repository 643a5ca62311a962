package io.vdi.operator.admission.validation;

import java.util.List;

/**
 * The result of the rules: a final {@link Response}, or what decides if the rules allow the
 * request: the quotas for a session ({@link QuotaCheckRequired}), the API server for the pod of a
 * template ({@link PodCheckRequired}).
 */
public sealed interface Verdict permits Response, QuotaCheckRequired, PodCheckRequired {
  /** Kubernetes passes these to the client, which prints them. */
  List<String> warnings();
}
