package io.vdi.operator.admission.validation;

import java.util.List;

/**
 * The result of the rules: a final {@link Response}, or what decides if the rules allow the
 * request: the quotas for a session ({@link QuotaCheckRequired}), the API server for a template
 * ({@link ApiCheckRequired}).
 */
public sealed interface Verdict permits Response, QuotaCheckRequired, ApiCheckRequired {
  /** Kubernetes passes these to the client, which prints them. */
  List<String> warnings();
}
