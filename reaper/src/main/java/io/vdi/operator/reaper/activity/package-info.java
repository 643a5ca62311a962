/**
 * Who is at a desktop, asked of the desktop itself, and what follows from its answers over time.
 * Start at {@link io.vdi.operator.reaper.activity.ActivityWatch}; {@link
 * io.vdi.operator.reaper.activity.History} is the pure part.
 */
package io.vdi.operator.reaper.activity;
