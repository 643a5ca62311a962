/**
 * Tasks that repeat. Imports the JDK, the logger and {@code common.thread} only. Start at {@link
 * io.vdi.operator.runtime.schedule.Periodic}.
 */
package io.vdi.operator.runtime.schedule;
