/**
 * Threads without which a service does not work. Imports the JDK and the logger only. Start at
 * {@link io.vdi.operator.common.thread.FatalErrorHandler}.
 */
package io.vdi.operator.common.thread;
