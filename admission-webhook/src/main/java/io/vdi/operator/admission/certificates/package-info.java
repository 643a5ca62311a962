/**
 * The serving certificate: from files that cert-manager renews, or from the webhook's own CA in a
 * Secret that all replicas share; replaced without a restart. May import the Kubernetes client,
 * Helidon's TLS and Bouncy Castle. Start at {@link
 * io.vdi.operator.admission.certificates.CertificateSource}.
 */
package io.vdi.operator.admission.certificates;
