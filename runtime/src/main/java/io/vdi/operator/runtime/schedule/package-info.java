/**
 * Tasks that repeat. Imports the JDK and the logger only. Start at {@link
 * io.vdi.operator.runtime.schedule.Periodic}.
 */
package io.vdi.operator.runtime.schedule;
