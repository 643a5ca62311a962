/**
 * The controller: sessions become pods and their other objects; docs/specification.md, sections 2
 * and 3. This package only wires the others, so it may import all of them. Start at {@link
 * io.vdi.operator.controller.Controller}, then {@link
 * io.vdi.operator.controller.session.SessionReconciler}.
 */
package io.vdi.operator.controller;
