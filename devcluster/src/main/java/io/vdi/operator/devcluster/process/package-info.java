/**
 * Programs that run on this machine: child processes, commands, waiting, lock files, free ports.
 * May import the JDK only. Start reading at {@link
 * io.vdi.operator.devcluster.process.ChildProcess}.
 */
package io.vdi.operator.devcluster.process;
