/**
 * HTTP and AdmissionReview: limits on size, time and concurrency, decoding and encoding. May import
 * Helidon and the requests and responses of {@code validation}; contains no rule. Start at {@link
 * io.vdi.operator.admission.http.AdmissionRoutes}.
 */
package io.vdi.operator.admission.http;
