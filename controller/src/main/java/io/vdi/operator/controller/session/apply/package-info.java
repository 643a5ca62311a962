/**
 * Carries plans out: the only place that writes to the cluster. Start at {@link
 * io.vdi.operator.controller.session.apply.PlanExecutor}.
 */
package io.vdi.operator.controller.session.apply;
