/**
 * Quotas, spec.md section 4: what is used, what is allowed, what a refusal says. Pure values, used
 * by the webhook's refusal and by the controller's line. May import the model and, to read limits,
 * the configuration. Start with {@link io.vdi.operator.common.quota.QuotaLimits}.
 */
package io.vdi.operator.common.quota;
