/**
 * The webhook's doors: HTTP in, a decision asked for, HTTP out. Knows AdmissionReview and Helidon,
 * and no rule. Start at {@link io.vdi.operator.webhook.http.AdmissionRoutes}.
 */
package io.vdi.operator.webhook.http;
