/**
 * The certificate that the webhook serves: from files that somebody else keeps, or from an
 * authority of its own in a Secret that the replicas share; exchanged without a restart. Start at
 * {@link io.vdi.operator.admission.certificates.ServingCertificate}, then {@link
 * io.vdi.operator.admission.certificates.DynamicAuthority}.
 */
package io.vdi.operator.admission.certificates;
