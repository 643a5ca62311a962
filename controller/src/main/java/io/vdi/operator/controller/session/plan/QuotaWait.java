package io.vdi.operator.controller.session.plan;

import java.time.Instant;

/**
 * The quotas do not admit the pod of a session yet.
 *
 * @param message why, and its place in the queue
 * @param since when the session was created or resumed: its place in the queue follows from it
 */
public record QuotaWait(String message, Instant since) {}
