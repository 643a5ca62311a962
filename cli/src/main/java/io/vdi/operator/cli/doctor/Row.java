package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.causes.Layer;

/**
 * A check with its answer.
 *
 * @param session whose; empty for the whole system
 */
public record Row(String check, Layer layer, String title, String session, Answer answer) {}
