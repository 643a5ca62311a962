/**
 * Quotas: limits, usage, violations and the queue of waiting sessions, shared by the admission
 * webhook, the controller and the kubectl plugin. Pure values; imports the model, the pattern of
 * messages, and Gson to parse limits. Start at {@link io.vdi.operator.common.quota.QuotaLimits}.
 */
package io.vdi.operator.common.quota;
