/**
 * What to do about one session: a value in, a value out; no I/O, no clock, no randomness, nothing
 * of the Kubernetes client. Start at {@link
 * io.vdi.operator.controller.session.plan.SessionPlanner}.
 */
package io.vdi.operator.controller.session.plan;
