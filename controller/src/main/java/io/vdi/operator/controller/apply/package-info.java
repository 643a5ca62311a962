/**
 * Carries plans out: the only place that writes to the cluster. Start at {@link
 * io.vdi.operator.controller.apply.Applier}.
 */
package io.vdi.operator.controller.apply;
