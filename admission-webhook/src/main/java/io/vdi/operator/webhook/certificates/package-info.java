/**
 * The certificate that the webhook serves: from files that somebody else keeps, or from an
 * authority of its own in a Secret that the replicas share; exchanged without a restart. Start at
 * {@link io.vdi.operator.webhook.certificates.ServingCertificate}, then {@link
 * io.vdi.operator.webhook.certificates.OwnAuthority}.
 */
package io.vdi.operator.webhook.certificates;
