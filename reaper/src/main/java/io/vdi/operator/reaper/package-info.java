/**
 * Deletes sessions, orphans and homes at their time; docs/specification.md, section 5. {@code
 * policy} decides, {@code execution} deletes, {@code activity} asks desktops; this package wires
 * them. Start at {@link io.vdi.operator.reaper.Reaper}.
 */
package io.vdi.operator.reaper;
