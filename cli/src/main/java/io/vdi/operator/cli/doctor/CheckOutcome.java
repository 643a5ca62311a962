package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.diagnosis.Layer;

/**
 * A check with its answer.
 *
 * @param session whose; empty for the whole system
 */
public record CheckOutcome(
    String check, Layer layer, String title, String session, CheckResult answer) {}
