/**
 * Who is at a desktop, asked of the desktop itself, and what follows from its answers over time.
 * Start at {@link io.vdi.operator.reaper.activity.ActivityMonitor}; {@link
 * io.vdi.operator.reaper.activity.ActivityHistory} is the pure part.
 */
package io.vdi.operator.reaper.activity;
