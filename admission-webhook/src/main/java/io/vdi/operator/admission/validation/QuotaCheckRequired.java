package io.vdi.operator.admission.validation;

import io.vdi.operator.common.quota.QuotaRequest;
import java.util.List;
import java.util.Optional;

/**
 * The rules allow the request. The quotas are still to be checked, which needs the usage of all
 * other sessions.
 *
 * @param reservationId from the annotation that the mutating webhook sets; empty if it was not
 *     called
 * @param requested what the request adds to what the session has
 * @param total what the session has after the request; the same as requested for a new session
 */
public record QuotaCheckRequired(
    Optional<String> reservationId,
    QuotaRequest requested,
    QuotaRequest total,
    List<String> warnings)
    implements Verdict {}
