/**
 * What is wrong: checks in the order of the layers, each an answer as a value, and the report.
 * Start reading at {@link io.vdi.operator.cli.doctor.Doctor}.
 */
package io.vdi.operator.cli.doctor;
