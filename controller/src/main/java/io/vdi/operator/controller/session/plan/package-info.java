/**
 * Decides what to write for a session. Pure: imports the model, known causes and {@code resources};
 * no I/O, no clock, no threads. Start at {@link
 * io.vdi.operator.controller.session.plan.SessionPlanner}.
 */
package io.vdi.operator.controller.session.plan;
