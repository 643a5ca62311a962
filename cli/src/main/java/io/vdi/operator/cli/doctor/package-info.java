/**
 * The doctor: one class of checks per layer, the order in which they run, and the reports. It may
 * import {@code cluster}, {@code output} and {@code common.diagnosis}, and no command. Start
 * reading at {@link io.vdi.operator.cli.doctor.Doctor}.
 */
package io.vdi.operator.cli.doctor;
