/**
 * Executes plans: the only package that writes sessions and their objects. Imports the client, the
 * caches, {@code plan} and {@code resources}. Start at {@link
 * io.vdi.operator.controller.session.apply.PlanExecutor}.
 */
package io.vdi.operator.controller.session.apply;
