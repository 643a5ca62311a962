/**
 * Exact quotas with several replicas: an admitted request is stored in one ConfigMap until its
 * session is observed. May import the model, quotas, {@code common.thread} and the Kubernetes
 * client. Start at {@link io.vdi.operator.admission.quota.QuotaReserver}.
 */
package io.vdi.operator.admission.quota;
