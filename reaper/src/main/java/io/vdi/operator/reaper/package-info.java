/**
 * Ends what has had its time, spec.md section 5. {@code judge} decides (pure), {@code activity}
 * knows who is at a desktop, {@code reap} deletes. Start at {@link io.vdi.operator.reaper.Main},
 * then {@link io.vdi.operator.reaper.Reaper}, the wiring diagram.
 */
package io.vdi.operator.reaper;
