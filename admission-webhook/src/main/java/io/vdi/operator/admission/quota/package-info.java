/**
 * The exact refusal, spec.md section 4: what is admitted is reserved in one ConfigMap that all
 * replicas share, until the sessions can be seen. Start at {@link
 * io.vdi.operator.admission.quota.QuotaReserver}.
 */
package io.vdi.operator.admission.quota;
