/**
 * Asks desktops for their clients and nodes for the load of desktops, and derives since when they
 * are idle. Imports the policy, the client and the work queue. Start at {@link
 * io.vdi.operator.reaper.activity.ActivityMonitor} and {@link
 * io.vdi.operator.reaper.activity.LoadMonitor}; the histories are pure.
 */
package io.vdi.operator.reaper.activity;
