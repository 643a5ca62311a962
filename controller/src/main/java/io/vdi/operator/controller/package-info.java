/**
 * Turns sessions into workloads, spec.md sections 2 and 3. {@code plan} decides (pure), {@code
 * objects} says what the objects look like (pure), {@code apply} writes. Start at {@link
 * io.vdi.operator.controller.Main}, the wiring diagram, then {@link
 * io.vdi.operator.controller.session.SessionReconciler}.
 */
package io.vdi.operator.controller;
