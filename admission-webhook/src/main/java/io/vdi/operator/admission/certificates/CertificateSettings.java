package io.vdi.operator.admission.certificates;

import java.time.Duration;
import java.util.List;

/**
 * What the webhook's own CA issues.
 *
 * @param caDuration lifetime of the CA
 * @param leafDuration lifetime of the serving certificate; at most that of the CA
 * @param propagation how long a new CA is published before it signs, so that every API server
 *     trusts it by then
 * @param dnsNames DNS names and IP addresses of the webhook
 */
public record CertificateSettings(
    Duration caDuration, Duration leafDuration, Duration propagation, List<String> dnsNames) {}
