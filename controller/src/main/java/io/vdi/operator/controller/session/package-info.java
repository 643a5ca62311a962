/**
 * Reconciles sessions. Imports the quotas and the packages below: {@code cache} (what is known),
 * {@code resources} and {@code plan} (what should be, pure), {@code apply} (the writes). Start at
 * {@link io.vdi.operator.controller.session.SessionReconciler}.
 */
package io.vdi.operator.controller.session;
