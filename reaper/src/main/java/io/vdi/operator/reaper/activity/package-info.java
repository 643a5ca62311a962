/**
 * Asks desktops for their connected clients, and derives since when they are idle. Imports the
 * policy, the client and the work queue. Start at {@link
 * io.vdi.operator.reaper.activity.ActivityMonitor}; {@link
 * io.vdi.operator.reaper.activity.ActivityHistory} is pure.
 */
package io.vdi.operator.reaper.activity;
