package io.vdi.operator.admission.validation;

import java.util.List;

/**
 * The result of the rules: a final {@link Response}, or {@link QuotaCheckRequired} if the rules
 * allow the request and the quotas decide.
 */
public sealed interface Verdict permits Response, QuotaCheckRequired {
  /** Kubernetes passes these to the client, which prints them. */
  List<String> warnings();
}
