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
 * @param requested what the request adds to what the session has; a home that grows with its whole
 *     size
 * @param total what the session has after the request, of storage only if the home grows; the same
 *     as requested for a new session
 * @param former the home that a change makes smaller, as it was; empty for other requests. It
 *     counts for as long as the controller may act on the former size, because a claim cannot
 *     shrink again
 * @param groups the recorded groups of the user, which have budgets of GPU hours
 */
public record QuotaCheckRequired(
    Optional<String> reservationId,
    QuotaRequest requested,
    QuotaRequest total,
    Optional<QuotaRequest> former,
    List<String> groups,
    List<String> warnings)
    implements Verdict {}
