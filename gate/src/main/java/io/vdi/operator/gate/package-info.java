/**
 * Signs users in and lets each open the own desktops without a password; docs/specification.md,
 * section 8. The packages below decide and do I/O; this package wires them. Start at {@link
 * io.vdi.operator.gate.Gate}.
 */
package io.vdi.operator.gate;
