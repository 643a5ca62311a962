/**
 * The webhook's doors: HTTP in, a decision asked for, HTTP out. Knows AdmissionReview and Helidon,
 * and no rule. Start at {@link io.vdi.operator.admission.http.AdmissionRoutes}.
 */
package io.vdi.operator.admission.http;
