package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.diagnosis.Layer;
import java.util.Optional;

/**
 * A check that has run, with its result.
 *
 * @param check the name of the check
 * @param session {@code namespace/name} of the session; empty for a check of the operator
 */
public record CheckOutcome(
    String check, Layer layer, String title, Optional<String> session, CheckResult answer) {}
